// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// xbstream reads the streams of XtraBackup (xbstream) and mariadb-backup
// (mbstream): chunks of files, each with a checksum, and a last one per file. The
// format is documented in Percona's "xbstream binary overview".
type xbstream struct {
	in io.Reader
	// skip passes over payload without looking at it; nil: its checksum is verified.
	skip func(n int64) error
	// keep holds the files to be returned by name, without their folder.
	keep func(name string) bool

	open  map[string]bool // files whose end was not seen
	found map[string][]byte
	size  int64 // of all files
}

const (
	xbMagic   = "XBSTCK01"
	xbHeader  = 14 // magic, flags, type, length of the path
	xbMaxPath = 4096
	xbMaxMap  = 1 << 20
	xbMaxKept = 1 << 20
	// ignorable marks chunks of kinds that a reader need not know.
	ignorable = 1
)

// errXBStream says that a stream is not what it should be.
var errXBStream = errors.New("not a valid xbstream")

// walk reads to the end of the stream. io.ErrUnexpectedEOF says that it ends
// within a chunk.
func (x *xbstream) walk() error {
	x.open, x.found = map[string]bool{}, map[string][]byte{}
	for {
		var header [xbHeader]byte
		if _, err := io.ReadFull(x.in, header[:]); err != nil {
			return endOf(err)
		}
		if string(header[:8]) != xbMagic {
			return fmt.Errorf("%w: no chunk where one should be", errXBStream)
		}
		if err := x.chunk(header[8], header[9], binary.LittleEndian.Uint32(header[10:])); err != nil {
			return err
		}
	}
}

// endOf makes the end between two chunks the end of the walk.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return err
}

func (x *xbstream) chunk(flags, kind byte, pathLength uint32) error {
	if pathLength > xbMaxPath {
		return fmt.Errorf("%w: a path of %d bytes", errXBStream, pathLength)
	}
	path := make([]byte, pathLength)
	if err := x.read(path); err != nil {
		return err
	}
	name := string(path)
	switch kind {
	case 'E':
		delete(x.open, name)
		return nil
	case 'P', 'S':
		x.open[name] = true
		return x.payload(name, kind == 'S')
	}
	if flags&ignorable != 0 {
		return nil
	}
	return fmt.Errorf("%w: an unknown kind of chunk, %q", errXBStream, kind)
}

// payload reads what follows the path: the number of holes of a sparse chunk, the
// length, the offset, the checksum, the holes, the bytes.
func (x *xbstream) payload(name string, sparse bool) error {
	holes := uint32(0)
	if sparse {
		var n [4]byte
		if err := x.read(n[:]); err != nil {
			return err
		}
		if holes = binary.LittleEndian.Uint32(n[:]); holes > xbMaxMap {
			return fmt.Errorf("%w: %d holes in one chunk", errXBStream, holes)
		}
	}
	var rest [20]byte
	if err := x.read(rest[:]); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint64(rest[:])
	if length > 1<<40 {
		return fmt.Errorf("%w: a chunk of %d bytes", errXBStream, length)
	}
	n := int64(length)
	x.size += n
	kept := x.keep(name) && n <= xbMaxKept && len(x.found[name]) <= xbMaxKept
	if x.skip != nil && !kept {
		return x.skip(int64(holes)*8 + n)
	}
	sum := crc32.NewIEEE()
	if _, err := io.CopyN(sum, x.in, int64(holes)*8); err != nil {
		return midway(err)
	}
	into := io.Writer(sum)
	var text appender
	if kept {
		into = io.MultiWriter(sum, &text)
	}
	if _, err := io.CopyN(into, x.in, n); err != nil {
		return midway(err)
	}
	if got, want := sum.Sum32(), binary.LittleEndian.Uint32(rest[16:]); got != want {
		return fmt.Errorf("%w: a checksum of %s does not match", errXBStream, name)
	}
	if kept {
		x.found[name] = append(x.found[name], text...)
	}
	return nil
}

func (x *xbstream) read(p []byte) error {
	_, err := io.ReadFull(x.in, p)
	return midway(err)
}

// midway turns an end that is none into the error for it.
func midway(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
