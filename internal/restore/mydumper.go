// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"context"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/collector/backup"
)

// mydumper restores a folder of mydumper's: a file of statements per schema, table and part of a table.
type mydumper struct {
	stages  [][]piece // one after the other
	promise map[table]int64
	made    string // by which version of the server
}

// piece is a file and what it is of.
type piece struct {
	file   backup.CopyFile
	schema string
}

// The stages of restoring: a table needs its schema, rows their table, a view all tables.
const (
	makeSchemas = iota
	makeTables
	fillTables
	makeViews
	makeRoutines
	stages
)

func openMydumper(ctx context.Context, chain []*backup.Copy) (method, error) {
	m := &mydumper{stages: make([][]piece, stages), promise: map[table]int64{}}
	files := slices.Clone(chain[len(chain)-1].Files)
	byName(files)
	for _, f := range files {
		name := path.Base(f.Name)
		switch {
		case name == "metadata":
			text, err := small(ctx, f)
			if err != nil {
				return nil, err
			}
			m.readMetadata(text)
		case strings.HasSuffix(name, "-metadata"): // 0.10: a file per table
			if err := m.readCount(ctx, f, strings.TrimSuffix(name, "-metadata")); err != nil {
				return nil, err
			}
		case strings.Contains(name, ".dat"):
			return nil, fmt.Errorf("%s: what mydumper writes with --load-data or --csv is not restored here, only its statements", f.Name)
		}
		if stem, _, ok := strings.Cut(name, ".sql"); ok {
			stage, schema := stageOf(stem)
			m.stages[stage] = append(m.stages[stage], piece{f, schema})
		}
	}
	return m, nil
}

// stageOf reads a name such as erp.invoice-schema-triggers or erp.invoice.00003, without its suffix.
func stageOf(stem string) (stage int, schema string) {
	for _, kind := range []struct {
		suffix string
		stage  int
	}{
		{"-schema-create", makeSchemas}, {"-schema-view", makeViews}, {"-schema-triggers", makeRoutines},
		{"-schema-post", makeRoutines}, {"-schema-sequence", makeTables}, {"-schema", makeTables},
	} {
		if rest, ok := strings.CutSuffix(stem, kind.suffix); ok {
			schema, _, _ = strings.Cut(rest, ".")
			return kind.stage, schema
		}
	}
	schema, _, _ = strings.Cut(stem, ".")
	return fillTables, schema
}

func small(ctx context.Context, f backup.CopyFile) ([]byte, error) {
	const most = 16 << 20
	in, err := f.Open(ctx, func(int64) {})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, most))
}

func (m *mydumper) readCount(ctx context.Context, f backup.CopyFile, of string) error {
	text, err := small(ctx, f)
	if err != nil {
		return err
	}
	schema, name, ok := strings.Cut(of, ".")
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if ok && err == nil { // else it does not say it
		m.promise[table{schema, name}] = n
	}
	return nil
}

var (
	metadataTable  = regexp.MustCompile("(?m)^\\[`((?:[^`]|``)+)`\\.`((?:[^`]|``)+)`\\]\\r?\\n((?:[^\\[\\n].*\\n?|\\n)*)")
	metadataRows   = regexp.MustCompile(`(?mi)^\s*rows\s*=\s*(\d+)\s*$`)
	metadataServer = regexp.MustCompile(`(?mi)^\s*#?\s*(?:server[_ -]version|server)\s*[:=]\s*"?([^"\r\n]*\d+\.\d+\.\d+[^"\r\n]*?)"?\s*$`)
)

// readMetadata reads the sections that mydumper has from 0.14 on.
func (m *mydumper) readMetadata(text []byte) {
	if found := metadataServer.FindSubmatch(text); found != nil {
		m.made = string(found[1])
	}
	for _, section := range metadataTable.FindAllSubmatch(text, -1) {
		rows := metadataRows.FindSubmatch(section[3])
		if rows == nil {
			continue
		}
		unquote := strings.NewReplacer("``", "`")
		t := table{unquote.Replace(string(section[1])), unquote.Replace(string(section[2]))}
		if n, err := strconv.ParseInt(string(rows[1]), 10, 64); err == nil {
			m.promise[t] = n
		}
	}
}

// all is not known: it dumps what it was told to.
func (m *mydumper) all() bool { return false }

func (m *mydumper) rows() map[table]int64 { return m.promise }

func (m *mydumper) restore(ctx context.Context, w *work) error {
	if err := w.choose(ctx, m.made); err != nil {
		return err
	}
	s, err := w.start(ctx, "")
	if err != nil {
		return err
	}
	conn, err := s.Open().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for stage, pieces := range m.stages {
		for _, p := range pieces {
			if stage == makeSchemas {
				if err := w.feed(ctx, s, conn, p.file, mydumperDelimiter); err != nil {
					return err
				}
				continue
			}
			// It is the file's name that says of which schema it is.
			if err := execute(ctx, conn, "CREATE DATABASE IF NOT EXISTS "+quote(p.schema), "USE "+quote(p.schema)); err != nil {
				return err
			}
			if err := w.feed(ctx, s, conn, p.file, mydumperDelimiter); err != nil {
				return err
			}
		}
	}
	return s.again(ctx)
}
