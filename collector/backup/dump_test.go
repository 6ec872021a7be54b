// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestTrailerIsTheLastLineAndNothingElse(t *testing.T) {
	for text, want := range map[string]bool{
		"-- Dump completed on 2026-11-24  2:00:01\n":                       true,
		"/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n-- Dump completed\n": true,
		"-- Dump completed on 2026-11-24  2:00:01\r\n":                     true,
		"</database>\n</mysqldump>\n":                                      true,
		"-- Dump completed on 2026-11-24 2:00:01\nINSERT INTO `a` VAL":     false,
		"INSERT INTO `a` VALUES ('-- Dump completed on 2026-11-24')":       false,
		"-- Dump comple":                    false,
		"-- Dump completed_table_renamed\n": false,
		"":                                  false,
	} {
		if got := hasTrailer([]byte(text)); got != want {
			t.Errorf("hasTrailer(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestHeaderGivesWhatTheDumpSaysOfItself(t *testing.T) {
	got := parseDumpHeader([]byte("/*M!999999\\- enable the sandbox mode */ \n" +
		"-- MariaDB dump 10.19  Distrib 10.11.14-MariaDB, for debian-linux-gnu (x86_64)\n--\n" +
		"-- Host: localhost    Database: easy erp\n" +
		"-- ------------------------------------------------------\n" +
		"-- Server version\t10.11.14-MariaDB-0+deb12u2\n" +
		"CHANGE MASTER TO MASTER_LOG_FILE='mysqld-bin.000007', MASTER_LOG_POS=1234;\n"))
	want := dumpHeader{
		tool: "MariaDB dump 10.19", server: "10.11.14-MariaDB-0+deb12u2", host: "localhost", database: "easy erp",
		logFile: "mysqld-bin.000007", logPos: 1234,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = parseDumpHeader([]byte("-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=158;\n"))
	if got != (dumpHeader{logFile: "binlog.000002", logPos: 158}) {
		t.Errorf("got %+v", got)
	}
}

func FuzzDumpEnds(f *testing.F) {
	f.Add([]byte("-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n-- Host: h    Database: d\n"), 3)
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), 0)
	f.Add([]byte("x\n-- Dump completed on 2026-11-24  2:00:01\n"), 7)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		parseDumpHeader(text)
		whole := hasTrailer(text)
		if whole && !bytes.Contains(text, []byte("-- Dump completed")) && !bytes.Contains(text, []byte("</mysqldump>")) {
			t.Error("a trailer where there is none")
		}
		// However a text comes in, its ends are the same.
		e := &ends{}
		cut = max(0, min(cut, len(text)))
		_, _ = e.Write(text[:cut])
		_, _ = e.Write(text[cut:])
		if e.size != int64(len(text)) || !bytes.HasPrefix(text, e.head) || !bytes.HasSuffix(text, e.tail) {
			t.Errorf("ends %q…%q of %d bytes are not those of %q", e.head, e.tail, e.size, text)
		}
		if want := strings.HasSuffix(string(text), string(e.tail)) && len(e.tail) >= min(len(text), tailSize); !want {
			t.Error("the tail is too short")
		}
	})
}

// FuzzStreams feeds anything to the decompressors: they may fail, and nothing else.
func FuzzStreams(f *testing.F) {
	for _, c := range compressions() {
		for _, magic := range c.magic {
			f.Add([]byte(magic + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
		}
	}
	f.Add([]byte(xbMagic + "\x00P\x04\x00\x00\x00info\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"))
	f.Add([]byte("# Started dump at: 2023-06-09 11:47:18\n[source]\nFile = a.1\nPosition = 2\n[`a`.`b`]\nRows = 2\n"))
	f.Add([]byte("filename 'binlog.1', position '2', GTID of the last change '0-1-2'"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		if c := detectCompression(text); c != nil {
			r := &limited{bytes.NewReader(text)}
			(&stream{}).consume(r, c, func(in io.Reader) error {
				_, err := io.Copy(io.Discard, in)
				return err
			})
		}
		xzDictionary(text)
		x := xbstream{in: bytes.NewReader(text), keep: isRole}
		_ = x.walk()
		parseMydumper(text)
		parseBinlogInfo(text)
		parseBinlogPos(string(text))
		parsePairs(text)
	})
}

// limited hides what a bytes.Reader has beyond Read.
type limited struct{ r *bytes.Reader }

func (l *limited) Read(p []byte) (int, error) { return l.r.Read(p) }
