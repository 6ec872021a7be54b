// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const plainDump = "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n-- Dump completed on 2026-11-24  2:00:01\n"

func glob(t *testing.T, pattern string) (names []string) {
	t.Helper()
	files, err := folders{}.glob(t.Context(), pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, filepath.Base(f.path))
	}
	return names
}

func TestGlobCountsEachFileOnceAndNothingThatIsNone(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.sql"), []byte("x"), 0)
	write(t, filepath.Join(dir, ".b.sql.copying"), []byte("x"), 0)
	write(t, filepath.Join(dir, ".c.sql"), []byte("x"), 0)
	for _, err := range []error{
		os.Symlink("a.sql", filepath.Join(dir, "latest.sql")),
		os.Symlink("nowhere", filepath.Join(dir, "dangling.sql")),
		syscall.Mkfifo(filepath.Join(dir, "pipe.sql"), 0o600),
		os.Mkdir(filepath.Join(dir, "2026-11-24"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "2026-11-24", "erp.sql"), []byte("x"), 0)
	if got := glob(t, dir+"/*.sql"); len(got) != 1 {
		t.Errorf("*.sql: %v", got)
	}
	if got := fmt.Sprint(glob(t, dir+"/.c*")); got != "[.c.sql]" {
		t.Errorf(".c*: %v", got)
	}
	if got := fmt.Sprint(glob(t, dir+"/*/erp.sql")); got != "[erp.sql]" {
		t.Errorf("*/erp.sql: %v", got)
	}
	if got := fmt.Sprint(glob(t, dir+"/2026-1?-[0-9][0-9]/*.sql")); got != "[erp.sql]" {
		t.Errorf("by date: %v", got)
	}
	if got := glob(t, dir+"/not-yet.sql"); got != nil {
		t.Errorf("a fixed name that is not there: %v", got)
	}
}

func TestFolderThatCannotBeReadIsAnErrorAndNotEmpty(t *testing.T) {
	dir := t.TempDir()
	for _, pattern := range []string{"/missing/*.sql", "/missing/a.sql"} {
		if _, err := (folders{}).glob(t.Context(), dir+pattern); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	asUser(t, dir, func() {
		closed := filepath.Join(dir, "closed")
		if err := os.Mkdir(closed, 0); err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []string{"/closed/*.sql", "/*/a.sql"} {
			if _, err := (folders{}).glob(t.Context(), dir+pattern); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", pattern, err)
			}
		}
	})
}

func TestDumpThatMayNotBeReadFailsTheSourceWithTheRemedy(t *testing.T) {
	dir := t.TempDir()
	var now clock
	source := dumps(&now, dir+"/*.sql", true)
	asUser(t, dir, func() {
		write(t, dir+"/old.sql", []byte(plainDump), 2*hour)
		closed := write(t, dir+"/new.sql", []byte(plainDump), hour)
		if err := os.Chmod(closed, 0); err != nil {
			t.Fatal(err)
		}
		_, err := source.look(t.Context())
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "let the exporter's account read") {
			t.Errorf("got %v", err)
		}
		// An old one that may not be read says nothing about the newest.
		if err := os.Chtimes(closed, time.Now(), time.Now().Add(-3*hour)); err != nil {
			t.Fatal(err)
		}
		runs := judged(t, source)
		wantStatus(t, runs, "old.sql", Success)
		wantStatus(t, runs, "new.sql", "")
	})
}

func TestFileThatVanishesOrTurnsIntoAPipe(t *testing.T) {
	dir := t.TempDir()
	var now clock
	source := dumps(&now, dir+"/*.sql", true)
	source.store = &hooked{before: func(path string) {
		switch filepath.Base(path) {
		case "gone.sql":
			_ = os.Remove(path)
		case "pipe.sql":
			_ = os.Remove(path)
			_ = syscall.Mkfifo(path, 0o600)
		}
	}}
	write(t, dir+"/gone.sql", []byte(plainDump), hour)
	write(t, dir+"/stays.sql", []byte(plainDump), 2*hour)
	runs := judged(t, source)
	if len(runs) != 1 {
		t.Errorf("got %v", runs)
	}
	wantStatus(t, runs, "stays.sql", Success)
	write(t, dir+"/pipe.sql", []byte(plainDump), hour)
	if _, err := source.look(t.Context()); err == nil || !strings.Contains(err.Error(), "not a regular file any more") {
		t.Errorf("got %v", err)
	}
	delete(judged(t, source), "pipe.sql") // the next listing leaves it out
}

// hooked lets something happen between the listing and the reading of a file.
type hooked struct {
	folders
	before func(path string)
	opened int
	wrap   func(content) content
}

func (h *hooked) open(ctx context.Context, path string) (content, error) {
	if h.before != nil {
		h.before(path)
	}
	c, err := h.folders.open(ctx, path)
	if err == nil {
		h.opened++
	}
	if err == nil && h.wrap != nil {
		c = h.wrap(c)
	}
	return c, err
}

func TestTenThousandDumpsAreReadOnce(t *testing.T) {
	dir := t.TempDir()
	for i := range 10_000 {
		write(t, fmt.Sprintf("%s/%05d.sql", dir, i), []byte(plainDump), time.Duration(i)*time.Minute)
	}
	var now clock
	source := dumps(&now, dir+"/*.sql", true)
	counted := &hooked{}
	source.store = counted
	for range 3 {
		if got := judged(t, source); len(got) != 10_000 {
			t.Fatalf("%d runs", len(got))
		}
	}
	if counted.opened != 10_000 {
		t.Errorf("%d files opened, want each once", counted.opened)
	}
	s := summarise(history{runs: runsOf(t, source)}, now.now())[0]
	if s.retained != 10_000 || s.counts["24h"][Success] != 24*60 || s.counts["7d"][Success] != 10_000 {
		t.Errorf("retained %d, counts %v", s.retained, s.counts)
	}
}

func runsOf(t *testing.T, source *fileSource) []Run {
	t.Helper()
	h, err := source.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h.runs
}

func TestOldDumpsAreReadOnlyUntilAGoodOneIsFound(t *testing.T) {
	dir := t.TempDir()
	const day = 24 * time.Hour
	write(t, dir+"/bad.sql", []byte("half"), 9*day)
	write(t, dir+"/good.sql", []byte(plainDump), 10*day)
	write(t, dir+"/older.sql", []byte(plainDump), 11*day)
	var now clock
	source := dumps(&now, dir+"/*.sql", true)
	runs := judged(t, source)
	wantStatus(t, runs, "bad.sql", Partial)
	wantStatus(t, runs, "good.sql", Success)
	wantStatus(t, runs, "older.sql", "")
}

// failing is a file on a disk that fails.
type failing struct{ content }

func (failing) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }

func TestFailingDiskIsNoVerdictOnTheDump(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.sql", []byte(plainDump), hour)
	var now clock
	source := dumps(&now, dir+"/*.sql", true)
	disk := &hooked{wrap: func(c content) content { return failing{c} }}
	source.store = disk
	if _, err := source.look(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	disk.wrap = nil
	wantStatus(t, judged(t, source), "a.sql", Success)
}

func TestStreamOnAFailingDiskIsReadAgainLater(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.sql.gz", compressors(t)[".sql.gz"]([]byte(plainDump)), hour)
	var now clock
	source := dumps(&now, dir+"/*", true)
	disk := &hooked{}
	source.store = disk
	runsOf(t, source)
	disk.wrap = func(c content) content { return failing{c} }
	if _, err := source.readNext(t.Context(), func(_, _ int64) {}); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	if _, err := source.look(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Errorf("the newest backup cannot be judged, got %v", err)
	}
	disk.wrap = nil
	if more, err := source.readNext(t.Context(), func(_, _ int64) {}); more || err != nil {
		t.Errorf("read again at once: %v, %v", more, err)
	}
	now.advance(retryAfter)
	if more, err := source.readNext(t.Context(), func(_, _ int64) {}); !more || err != nil {
		t.Errorf("not read again after a while: %v, %v", more, err)
	}
	wantStatus(t, judged(t, source), "a.sql.gz", Success)
}

func TestEncryptedDumpNeedsTrailerNone(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.sql.enc", []byte("Salted__12345678 and the rest"), hour)
	if _, err := dumps(new(clock), dir+"/*", true).look(t.Context()); err == nil || !strings.Contains(err.Error(), "trailer: none") {
		t.Errorf("got %v", err)
	}
	wantStatus(t, judged(t, dumps(new(clock), dir+"/*", false)), "a.sql.enc", Success)
}

func TestDumpFromTheFutureHasNoEnd(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.sql", []byte(plainDump), -hour)
	run := wantStatus(t, judged(t, dumps(new(clock), dir+"/*", true)), "a.sql", Success)
	if !run.End.IsZero() {
		t.Errorf("ended at %v", run.End)
	}
}
