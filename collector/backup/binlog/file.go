// SPDX-License-Identifier: Apache-2.0

package binlog

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"
)

// File is what a binary log's headers say.
type File struct {
	First time.Time // when it was begun
	Last  time.Time // of its last whole event
	Size  int64     // of its content in bytes
	// End is the place behind its last whole event. Less than Size: the last event is
	// cut off, or what follows is none.
	End int64
	// Closed says that the server finished it: no event can follow.
	Closed bool
	// Started says that the server had started just before it was begun, so that the
	// log before it may be without an end.
	Started bool
}

// Whole reports whether it ends with a whole event.
func (f File) Whole() bool { return f.End == f.Size }

var (
	// ErrForeign says that a file is no binary log.
	ErrForeign = errors.New("no binary log")
	// ErrEncrypted says that nothing but its beginning can be read without the server's
	// keys.
	ErrEncrypted = errors.New("an encrypted binary log")
	// ErrShort says that not even the first event is there.
	ErrShort = errors.New("a binary log of which even the first event is cut off")
)

const (
	plainMagic     = "\xfebin"
	encryptedMagic = "\xfdbin" // MySQL's; MariaDB encrypts the events instead
	magicLength    = 4
)

// Scan reads the first event of a file and its last ones, or all headers of a small
// one. Of an encrypted file of MariaDB it returns with ErrEncrypted what it says of
// its beginning.
func Scan(r io.ReaderAt, size int64) (File, error) {
	first := make([]byte, min(size, magicLength+firstLength))
	if err := readFull(r, first, 0); err != nil {
		return File{}, err
	}
	f, next, err := parseFirst(first)
	f.Size = size
	switch {
	case err != nil:
		return f, err
	case next > size:
		return f, ErrShort
	}
	if err := f.secondKnown(r, next); err != nil {
		return f, err
	}
	for _, window := range []int64{64 << 10, 1 << 20, 16 << 20} {
		from := max(next, size-window)
		buf := make([]byte, size-from)
		if err := readFull(r, buf, from); err != nil {
			return f, err
		}
		if from == next || sync(&buf, &from) {
			f.walk(buf, from)
			return f, nil
		}
	}
	return f, f.walkAll(r, next)
}

// secondKnown returns ErrEncrypted when the second event says that those behind it
// are encrypted.
func (f *File) secondKnown(r io.ReaderAt, at int64) error {
	head := make([]byte, max(0, min(headerLength, f.Size-at)))
	if err := readFull(r, head, at); err != nil {
		return err
	}
	if h, ok := parseHeader(head); ok && h.kind == startEncryption {
		return ErrEncrypted
	}
	return nil
}

// readFull fills buf, or fails: a file that became shorter is looked at again later.
func readFull(r io.ReaderAt, buf []byte, at int64) error {
	n, err := r.ReadAt(buf, at)
	if n == len(buf) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// sync moves buf, which is the end of the file from a place on, to the first event in
// it that is whole, and reports whether there is one. An event is known by saying
// itself where it ends.
func sync(buf *[]byte, from *int64) bool {
	for skip := range max(0, len(*buf)-headerLength+1) {
		rest := (*buf)[skip:]
		h, ok := parseHeader(rest)
		if !ok || !h.at(*from+int64(skip)) || int64(h.length) > int64(len(rest)) {
			continue
		}
		*buf, *from = rest, *from+int64(skip)
		return true
	}
	return false
}

// walk takes in the events of buf, which begin at a place of the file.
func (f *File) walk(buf []byte, from int64) {
	f.End = from
	for {
		h, ok := parseHeader(buf)
		if !ok || !h.at(f.End) || int64(h.length) > int64(len(buf)) {
			return
		}
		f.take(h)
		buf = buf[h.length:]
	}
}

// walkAll goes from header to header.
func (f *File) walkAll(r io.ReaderAt, from int64) error {
	f.End = from
	head := make([]byte, headerLength)
	for f.Size-f.End >= headerLength {
		if err := readFull(r, head, f.End); err != nil {
			return err
		}
		h, ok := parseHeader(head)
		if !ok || !h.at(f.End) || int64(h.length) > f.Size-f.End {
			return nil
		}
		f.take(h)
	}
	return nil
}

// take adds an event.
func (f *File) take(h header) {
	f.End += int64(h.length)
	f.Closed = h.kind == rotate || h.kind == stop
	if h.time != 0 {
		f.Last = h.when()
	}
}

// ScanStream reads a stream to its end, as one that has to be decompressed. The error
// is the stream's own, [ErrForeign], [ErrEncrypted] or [ErrShort]; what was read until
// then is returned with it.
func ScanStream(r io.Reader) (File, error) {
	c := &counting{in: r}
	first := make([]byte, magicLength+firstLength)
	n, err := io.ReadFull(c, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, err
	}
	f, next, bad := parseFirst(first[:n])
	f.Size = c.read
	if bad != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) && c.err != nil {
			bad = c.err // the stream ends early, not the content
		}
		return f, bad
	}
	if err = skip(c, next-int64(n)); err != nil {
		return f, cmp.Or(c.err, ErrShort)
	}
	head := make([]byte, headerLength)
	for second := true; err == nil; second = false {
		if _, err = io.ReadFull(c, head); err != nil {
			break
		}
		h, ok := parseHeader(head)
		switch {
		case ok && second && h.kind == startEncryption:
			return f, ErrEncrypted
		case !ok || !h.at(f.End):
			_, err = io.Copy(io.Discard, c)
			f.Size = c.read
			return f, err
		}
		if err = skip(c, int64(h.length)-headerLength); err == nil {
			f.take(h)
		}
	}
	f.Size = c.read
	return f, c.err
}

// Head reads the beginning of a stream: when the log was begun, and whether at a start
// of the server.
func Head(r io.Reader) (File, error) {
	first := make([]byte, magicLength+firstLength)
	n, err := io.ReadFull(r, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, err
	}
	f, _, err := parseFirst(first[:n])
	return File{First: f.First, Started: f.Started}, err
}

// skip reads over bytes.
func skip(r io.Reader, bytes int64) error {
	n, err := io.CopyN(io.Discard, r, bytes)
	if err == nil && n < bytes {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// counting counts what was read and keeps the error that is not the end.
type counting struct {
	in   io.Reader
	read int64
	err  error
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// parseFirst reads the magic number and the event behind it, and returns where the
// second event begins.
func parseFirst(b []byte) (f File, next int64, err error) {
	switch {
	case len(b) < magicLength:
		return f, 0, ErrShort
	case string(b[:magicLength]) == encryptedMagic:
		return f, 0, ErrEncrypted
	case string(b[:magicLength]) != plainMagic:
		return f, 0, ErrForeign
	case len(b) < magicLength+firstLength:
		return f, 0, ErrShort
	}
	h, ok := parseHeader(b[magicLength:])
	if !ok || h.kind != formatDescription || h.length < firstLength {
		return f, 0, fmt.Errorf("%w: its first event describes no format", ErrForeign)
	}
	f.First, f.Last = h.when(), h.when()
	f.Started = created(b[magicLength:]) != 0
	f.End = magicLength + int64(h.length)
	return f, f.End, nil
}
