// SPDX-License-Identifier: Apache-2.0

//go:build unix

package follow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/follow"
)

// log is a file that is written and rotated like a server's.
type log struct {
	t    *testing.T
	path string
	file *os.File
}

func newLog(t *testing.T) *log {
	l := &log{t: t, path: filepath.Join(t.TempDir(), "access.log")}
	l.open()
	t.Cleanup(func() { _ = l.file.Close() })
	return l
}

func (l *log) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// open makes the writer use the file at the path from now on.
func (l *log) open() {
	l.t.Helper()
	if l.file != nil {
		l.check(l.file.Close())
	}
	var err error
	l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	l.check(err)
}

func (l *log) write(text string) {
	l.t.Helper()
	_, err := l.file.WriteString(text)
	l.check(err)
}

// rename moves the file away; the writer goes on with it until it opens again.
func (l *log) rename(suffix string) {
	l.t.Helper()
	l.check(os.Rename(l.path, l.path+suffix))
}

func read(t *testing.T, f *follow.Follower) []string {
	t.Helper()
	lines, _, err := readSome(t.Context(), f, math.MaxInt64)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return lines
}

func readSome(ctx context.Context, f *follow.Follower, limit int64) ([]string, follow.Result, error) {
	var lines []string
	result, err := f.Read(ctx, limit, func(line []byte) { lines = append(lines, string(line)) })
	return lines, result, err
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// restart gives the Follower that a new process would make.
func restart(t *testing.T, l *log, f *follow.Follower) *follow.Follower {
	t.Helper()
	text, err := json.Marshal(f.Position())
	l.check(err)
	l.check(f.Close())
	var p follow.Position
	l.check(json.Unmarshal(text, &p))
	return newFollower(t, l, follow.Options{From: &p})
}

func newFollower(t *testing.T, l *log, opts follow.Options) *follow.Follower {
	f := follow.New(l.path, opts)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestBeginsWithWhatIsNew(t *testing.T) {
	l := newLog(t)
	l.write("old\nhalf")
	f := newFollower(t, l, follow.Options{})
	expect(t, read(t, f))
	l.write(" a line\r\nnew\n")
	expect(t, read(t, f), "half a line", "new")
	expect(t, read(t, f))
}

func TestFileThatComesLaterIsReadWhole(t *testing.T) {
	l := newLog(t)
	l.check(os.Remove(l.path))
	f := newFollower(t, l, follow.Options{})
	if _, _, err := readSome(t.Context(), f, 1); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want a missing file", err)
	}
	l.open()
	l.write("first\n")
	expect(t, read(t, f), "first")
}

func TestRotationWhileTheWriterLagsBehind(t *testing.T) {
	l := newLog(t)
	f := newFollower(t, l, follow.Options{})
	expect(t, read(t, f))
	l.write("1\n")
	l.rename(".1")
	created, err := os.Create(l.path) // logrotate's "create"
	l.check(err)
	l.write("2\n")
	_, err = created.WriteString("4\n")
	l.check(errors.Join(err, created.Close()))
	expect(t, read(t, f), "1", "2", "4")
	l.write("3\n") // still to the renamed file
	expect(t, read(t, f), "3")
	l.open()
	l.write("5\n")
	expect(t, read(t, f), "5")
	if f.Stats().Rotations != 1 {
		t.Errorf("got %d rotations, want 1", f.Stats().Rotations)
	}
}

func TestRenamedFileIsClosedWhenQuiet(t *testing.T) {
	l := newLog(t)
	now := time.Now()
	f := newFollower(t, l, follow.Options{Now: func() time.Time { return now }})
	expect(t, read(t, f))
	l.rename(".1")
	l.open()
	expect(t, read(t, f))
	if n := len(f.Position().Files); n != 2 {
		t.Fatalf("%d files are open, want the renamed one too", n)
	}
	now = now.Add(2 * time.Minute)
	expect(t, read(t, f))
	if n := len(f.Position().Files); n != 1 {
		t.Errorf("%d files are open, want 1", n)
	}
}

func TestTruncation(t *testing.T) {
	for name, after := range map[string]string{
		"shorter": "a\n",
		"longer":  strings.Repeat("another line\n", 20),
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t)
			f := newFollower(t, l, follow.Options{})
			expect(t, read(t, f))
			l.write(strings.Repeat("line\n", 10))
			read(t, f)
			before, err := os.Stat(l.path)
			l.check(err)
			l.check(os.Truncate(l.path, 0))
			l.write(after)
			// The kernel's clock for files is coarse: two writes may share a tick.
			l.check(os.Chtimes(l.path, time.Time{}, before.ModTime().Add(time.Second)))
			expect(t, read(t, f), strings.Split(strings.TrimSuffix(after, "\n"), "\n")...)
			if f.Stats().Truncations != 1 {
				t.Errorf("got %d truncations, want 1", f.Stats().Truncations)
			}
		})
	}
}

func TestRestart(t *testing.T) {
	l := newLog(t)
	f := newFollower(t, l, follow.Options{})
	expect(t, read(t, f))
	l.write("1\n2")
	expect(t, read(t, f), "1")

	f = restart(t, l, f)
	l.write("nd\n")
	expect(t, read(t, f), "2nd")

	l.write("3\n")
	f = restart(t, l, f)
	l.write("4\n")
	l.rename(".1")
	l.open()
	l.write("5\n")
	expect(t, read(t, f), "3", "4", "5")
	if f.Stats().Gaps != 0 {
		t.Error("a gap was reported, but nothing is lost")
	}

	f = restart(t, l, f)
	for _, suffix := range []string{"", ".1"} {
		l.check(os.Remove(l.path + suffix))
	}
	l.open()
	l.write("6\n")
	expect(t, read(t, f), "6")
	if f.Stats().Gaps != 1 {
		t.Error("what was written meanwhile may be lost, but no gap was reported")
	}
}

func TestLongLines(t *testing.T) {
	l := newLog(t)
	f := newFollower(t, l, follow.Options{})
	expect(t, read(t, f))
	for _, size := range []int{follow.MaxLine, follow.MaxLine + 1, 200 << 10, 1 << 20} {
		l.write(strings.Repeat("x", size) + "\nshort\n")
		got := read(t, f)
		if len(got) != 2 || len(got[0]) != min(size, follow.MaxLine) || got[1] != "short" {
			t.Fatalf("a line of %d bytes: got %d lines, the first of %d bytes", size, len(got), len(got[0]))
		}
	}
	l.write(strings.Repeat("y", 1<<20)) // no end yet
	if got := read(t, f); len(got) != 1 {
		t.Fatalf("got %d lines, want the beginning of the long one", len(got))
	}
	f = restart(t, l, f)
	l.write("yyy\nend\n")
	expect(t, read(t, f), "end")
}

func TestLimitAndEnd(t *testing.T) {
	l := newLog(t)
	f := newFollower(t, l, follow.Options{})
	expect(t, read(t, f))
	line := strings.Repeat("z", 1023) + "\n"
	l.write(strings.Repeat(line, 2048))
	lines, result, err := readSome(t.Context(), f, 1)
	if err != nil || len(lines) == 0 || result.Backlog != 2<<20-result.Bytes {
		t.Fatalf("got %d lines, %+v, %v: want a part, and the rest as backlog", len(lines), result, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if more, _, err := readSome(ctx, f, math.MaxInt64); len(more) > 0 || !errors.Is(err, context.Canceled) {
		t.Fatalf("read %d lines after the end: %v", len(more), err)
	}
	if more := read(t, f); len(lines)+len(more) != 2048 {
		t.Errorf("got %d lines, want 2048", len(lines)+len(more))
	}
}

func TestPipeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readSome(t.Context(), follow.New(path, follow.Options{}), 1); err == nil {
		t.Error("a pipe was taken for a log file")
	}
}

// TestEachLineOnce rotates and restarts at random.
func TestEachLineOnce(t *testing.T) {
	const actions = 3000
	l := newLog(t)
	f := newFollower(t, l, follow.Options{})
	read(t, f)
	random := rand.New(rand.NewPCG(1, 2))
	var want, got []string
	rotations := 0
	for range actions {
		switch random.IntN(20) {
		case 0:
			got = append(got, read(t, f)...) // each file is seen at its path once
			rotations++
			l.rename(fmt.Sprintf(".%d", rotations))
			got = append(got, read(t, f)...) // while the path has no file, or the writer lags
			l.open()
		case 1:
			f = restart(t, l, f)
		case 2, 3, 4:
			got = append(got, read(t, f)...)
		default:
			line := fmt.Sprintf("line %d", len(want))
			want = append(want, line)
			l.write(line + "\n")
		}
	}
	got = append(got, read(t, f)...)
	if !slices.Equal(got, want) {
		t.Errorf("got %d lines, want %d in their order", len(got), len(want))
	}
	if rotations == 0 || f.Stats().Gaps > 0 {
		t.Errorf("%d rotations, %d gaps", rotations, f.Stats().Gaps)
	}
}
