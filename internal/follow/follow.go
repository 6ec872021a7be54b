// SPDX-License-Identifier: Apache-2.0

// Package follow reads the lines that are appended to a log file, through
// rotation and restarts, each line once.
//
// It does nothing by itself: whoever wants the new lines calls Read, as often as
// they care for. That costs a stat when nothing happened, and needs neither a
// goroutine nor a watch of the kernel's, which network file systems do not have.
// A file that came and was rotated away between two calls is not seen.
package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// MaxLine is how much of a line is given, in bytes. The rest of a longer one is
// read over.
const MaxLine = 64 << 10

const (
	bufferSize = 256 << 10
	// linger is how long a file that was renamed is still read: its writer goes on
	// with it until it is told of the rotation, and each of its processes at its
	// own moment.
	linger = time.Minute
	// maxRotated bounds the files that are open beside the current one.
	maxRotated = 8
)

// Follower follows one path. It is for one goroutine at a time.
type Follower struct {
	path    string
	now     func() time.Time
	buffer  []byte
	resume  *Position // where to go on, until the first file was opened
	rotated []*file   // the oldest first
	current *file     // nil: there was none the last time
	seen    bool      // the path was looked at once: whatever comes now is new
	stats   Stats
}

// Stats is what happened since New, beside lines.
type Stats struct {
	Rotations   uint64 // another file took the path
	Truncations uint64 // the file was cut in place: what was not yet read is lost
	Gaps        uint64 // at the start, the file that was read last was nowhere to be found
	LongLines   uint64 // lines of more than MaxLine
}

// Position is how far somebody has read, to go on from there after a restart.
type Position struct {
	Files []FilePosition `json:"files"` // the oldest first; the last is the path's own
}

// Options of New.
type Options struct {
	// From is where an earlier Follower of the path was. nil: begin with what is
	// written from now on.
	From *Position
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// New returns a Follower of the path. It opens nothing yet, and the file may be
// missing.
func New(path string, opts Options) *Follower {
	f := &Follower{path: path, now: opts.Now, resume: opts.From}
	if f.now == nil {
		f.now = time.Now
	}
	return f
}

// Stats returns what happened so far.
func (f *Follower) Stats() Stats { return f.stats }

// Position returns where to go on after the lines that Read has given.
func (f *Follower) Position() Position {
	if f.resume != nil {
		return *f.resume
	}
	var p Position
	for _, one := range f.files() {
		p.Files = append(p.Files, one.position())
	}
	return p
}

// Close closes the files. The Follower may be used again and goes on.
func (f *Follower) Close() error {
	position := f.Position()
	var errs []error
	for _, one := range f.files() {
		errs = append(errs, one.Close())
	}
	f.resume, f.rotated, f.current, f.buffer = &position, nil, nil, nil
	return errors.Join(errs...)
}

// files returns the open files, the oldest first.
func (f *Follower) files() []*file {
	if f.current == nil {
		return f.rotated
	}
	return append(f.rotated[:len(f.rotated):len(f.rotated)], f.current)
}

// Result tells what one Read did.
type Result struct {
	Lines   int
	Bytes   int64
	Backlog int64     // bytes that are there and not read yet
	Newest  time.Time // when the newest line was written, by the file's time; zero: no line
}

// Read gives the lines that are complete and new, without their end, until there
// are no more, limit bytes were read or ctx ends. A line is valid until give
// returns. A path that does not exist is an error of os.ErrNotExist once the
// lines of its predecessors are read.
func (f *Follower) Read(ctx context.Context, limit int64, give func(line []byte)) (Result, error) {
	var result Result
	missing := f.open()
	if f.buffer == nil {
		f.buffer = make([]byte, bufferSize)
	}
	for _, one := range f.files() {
		if err := f.drain(ctx, one, limit, give, &result); err != nil {
			return result, fmt.Errorf("read %s: %w", f.path, err)
		}
	}
	return result, errors.Join(missing, f.retire(), context.Cause(ctx))
}

// open makes current the file that is at the path now.
func (f *Follower) open() error {
	if f.resume != nil {
		f.reopen(*f.resume)
		f.resume, f.seen = nil, true
	}
	info, err := os.Stat(f.path)
	if err == nil && f.current != nil && os.SameFile(info, f.current.info) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file: give the path of a log file", f.path)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if f.current != nil {
		f.stats.Rotations++
		f.current.active = f.now()
		f.rotated, f.current = append(f.rotated, f.current), nil
	}
	first := !f.seen
	f.seen = true
	if err != nil {
		return err
	}
	f.current, err = openFile(f.path, first)
	return err
}

// retire closes the files that nobody writes to any more.
func (f *Follower) retire() error {
	var errs []error
	kept := f.rotated[:0]
	for i, one := range f.rotated {
		done := one.atEnd && f.now().Sub(one.active) > linger
		if done || len(f.rotated)-i > maxRotated {
			errs = append(errs, one.Close())
			continue
		}
		kept = append(kept, one)
	}
	f.rotated = kept
	return errors.Join(errs...)
}

// drain gives the new lines of one file.
func (f *Follower) drain(ctx context.Context, one *file, limit int64, give func([]byte), result *Result) error {
	info, err := one.Stat()
	if err != nil {
		return err
	}
	if one.replaced(info) {
		f.stats.Truncations++
		one.restart()
	}
	one.atEnd = false
	for !one.atEnd && result.Bytes < limit && ctx.Err() == nil {
		n, err := one.ReadAt(f.buffer, one.offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		used, lines, long := one.split(f.buffer[:n], give)
		one.offset += int64(used)
		one.atEnd = used == 0 // what is left is no complete line yet
		f.stats.LongLines += uint64(long)
		result.Lines += lines
		result.Bytes += int64(used)
		if used > 0 {
			one.active = f.now()
		}
		if lines > 0 {
			result.Newest = info.ModTime()
		}
	}
	one.fingerprint()
	one.info = info
	result.Backlog += max(info.Size()-one.offset, 0)
	return nil
}
