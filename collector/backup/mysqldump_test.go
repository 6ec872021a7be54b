// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

const hour = time.Hour

func TestRealDumps(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
		schema := erp(t, s)
		whole := output(t, dumper(t, s, schema), nil)
		silent := output(t, dumper(t, s, "--skip-comments", schema), nil)
		half := killed(t, dumper(t, s, schema), int64(len(whole)/2))
		for suffix, compress := range compressors(t) {
			t.Run(suffix, func(t *testing.T) {
				packed := compress(whole)
				flipped := bytes.Clone(packed)
				flipped[len(flipped)/2] ^= 0x10
				dir := t.TempDir()
				write(t, filepath.Join(dir, "whole"+suffix), packed, hour)
				write(t, filepath.Join(dir, "silent"+suffix), compress(silent), 2*hour)
				write(t, filepath.Join(dir, "tool-killed"+suffix), compress(half), 3*hour)
				write(t, filepath.Join(dir, "cut"+suffix), packed[:len(packed)/2], 4*hour)
				write(t, filepath.Join(dir, "cut-at-the-end"+suffix), packed[:len(packed)-5], 5*hour)
				write(t, filepath.Join(dir, "empty"+suffix), nil, 6*hour)
				write(t, filepath.Join(dir, "flipped"+suffix), flipped, 7*hour)
				write(t, filepath.Join(dir, "just-begun"+suffix), packed[:len(packed)/3], 0)

				var now clock
				runs := judged(t, dumps(&now, filepath.Join(dir, "*"), true))
				run := wantStatus(t, runs, "whole"+suffix, Success)
				if run.Size != int64(len(whole)) || run.Stored != int64(len(packed)) {
					t.Errorf("whole: size %d, stored %d, want %d and %d", run.Size, run.Stored, len(whole), len(packed))
				}
				wantStatus(t, runs, "silent"+suffix, Partial)
				wantStatus(t, runs, "tool-killed"+suffix, Partial)
				wantStatus(t, runs, "cut"+suffix, Partial)
				wantStatus(t, runs, "cut-at-the-end"+suffix, Partial)
				wantStatus(t, runs, "empty"+suffix, Failed)
				wantStatus(t, runs, "just-begun"+suffix, Running)
				if suffix != ".sql" { // nothing in plain text tells a changed byte
					wantStatus(t, runs, "flipped"+suffix, Failed)
				}
				now.advance(2 * time.Minute)
				wantStatus(t, judged(t, dumps(&now, filepath.Join(dir, "*"), true)), "just-begun"+suffix, Partial)

				runs = judged(t, dumps(&now, filepath.Join(dir, "*"), false))
				wantStatus(t, runs, "silent"+suffix, Success)
				wantStatus(t, runs, "empty"+suffix, Failed)
				if suffix != ".sql" { // without a last line, the stream's own end is what tells
					wantStatus(t, runs, "cut"+suffix, Partial)
				}
			})
		}
	})
}

func TestGrowingDumpIsRunningUntilItEndsOrStops(t *testing.T) {
	s := testenv.SharedMariaDB(t)
	whole := output(t, dumper(t, s, erp(t, s)), nil)
	path := filepath.Join(t.TempDir(), "a.sql")
	var now clock
	source := dumps(&now, path, true)
	write(t, path, nil, 0)
	wantStatus(t, judged(t, source), "a.sql", Running) // a shell makes the file before the tool writes
	write(t, path, whole[:1000], 0)
	run := wantStatus(t, judged(t, source), "a.sql", Running)
	if !run.End.IsZero() {
		t.Errorf("ended %v while it is running", run.End)
	}
	now.advance(time.Hour)
	wantStatus(t, judged(t, source), "a.sql", Partial)
	write(t, path, whole, -time.Hour) // "now" by the moved clock
	run = wantStatus(t, judged(t, source), "a.sql", Success)
	if run.End.IsZero() {
		t.Error("a dump that ended has no end")
	}
}

func TestXMLAndUndatedDumpsAreComplete(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
		schema, dir := erp(t, s), t.TempDir()
		write(t, filepath.Join(dir, "xml"), output(t, dumper(t, s, "--xml", schema), nil), hour)
		write(t, filepath.Join(dir, "undated"), output(t, dumper(t, s, "--skip-dump-date", schema), nil), hour)
		runs := judged(t, dumps(new(clock), filepath.Join(dir, "*"), true))
		wantStatus(t, runs, "xml", Success)
		wantStatus(t, runs, "undated", Success)
	})
}

func TestHeaderOfRealDumps(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
		schema := erp(t, s)
		h := parseDumpHeader(output(t, dumper(t, s, schema), nil)[:headSize])
		if h.tool == "" || h.server == "" || h.database != schema || h.host == "" {
			t.Errorf("got %+v", h)
		}
	})
}

func TestOnlyANameWithADateSaysWhenADumpBegan(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"erp-2026-11-24.sql", "erp-monday.sql"} {
		write(t, filepath.Join(dir, name), []byte(plainDump), -hour/60)
	}
	runs := judged(t, dumps(new(clock), dir+"/*", true))
	if _, ok := runs["erp-monday.sql"]; !ok || !runs["erp-monday.sql"].Start.IsZero() {
		t.Errorf("a file that is written over and over: %+v", runs["erp-monday.sql"])
	}
	if run := runs["erp-2026-11-24.sql"]; run.Start.IsZero() {
		t.Skip("NOT TESTED: this file system does not remember when a file was made")
	}
}
