// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"regexp"
	"strconv"
)

const (
	// headSize is as much of a dump's beginning as its facts are looked for in.
	headSize = 64 << 10
	// tailSize is more than a dump's last line takes.
	tailSize = 4 << 10
)

// dumpHeader is what a dump says of itself at its beginning. What it does not say
// is empty.
type dumpHeader struct {
	tool     string // "MySQL dump 10.13" or "MariaDB dump 10.19"
	server   string // the server's version
	host     string
	database string
	// Where in the binary log the dump was taken, with --source-data.
	logFile string
	logPos  uint64
}

var (
	toolLine     = regexp.MustCompile(`(?m)^-- ((?:MySQL|MariaDB) dump [0-9.]+)`)
	hostLine     = regexp.MustCompile(`(?m)^-- Host: (\S*) +Database: (.*?)\r?$`)
	serverLine   = regexp.MustCompile(`(?m)^-- Server version\t(.*?)\r?$`)
	xmlStart     = regexp.MustCompile(`(?m)^<mysqldump[ >]`)
	logFileField = regexp.MustCompile(`(?m)^(?:-- )?CHANGE (?:MASTER|REPLICATION SOURCE) TO .*(?:MASTER|SOURCE)_LOG_FILE='([^'\n]+)'`)
	logPosField  = regexp.MustCompile(`(?m)^(?:-- )?CHANGE (?:MASTER|REPLICATION SOURCE) TO .*(?:MASTER|SOURCE)_LOG_POS=([0-9]+)`)
)

// parseDumpHeader reads the facts out of the beginning of a dump. Any text has
// a header, if an empty one.
func parseDumpHeader(head []byte) dumpHeader {
	h := dumpHeader{
		tool:     field(toolLine, head, 1),
		server:   field(serverLine, head, 1),
		host:     field(hostLine, head, 1),
		database: field(hostLine, head, 2),
		logFile:  field(logFileField, head, 1),
	}
	if h.tool == "" && xmlStart.Match(head) {
		h.tool = "mysqldump --xml"
	}
	h.logPos, _ = strconv.ParseUint(field(logPosField, head, 1), 10, 64)
	if h.logPos == 0 { // neither without the other
		h.logFile = ""
	}
	return h
}

func field(re *regexp.Regexp, text []byte, group int) string {
	m := re.FindSubmatch(text)
	if m == nil {
		return ""
	}
	return string(m[group])
}

var trailer = regexp.MustCompile(`(?:^|\n)(?:-- Dump completed(?: on [^\n]*)?|</mysqldump>)\r?\n\s*$`)

// hasTrailer reports whether a dump with this end is complete by its own word:
// the last line says so, the line's end included. It is written after everything
// else.
func hasTrailer(tail []byte) bool {
	// What follows the last line but one is all that can match.
	last := bytes.LastIndexByte(bytes.TrimRight(tail, " \t\r\n"), '\n')
	return trailer.Match(tail[max(last, 0):])
}
