// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"
)

// mysqldump is the method of files written by mysqldump or mariadb-dump, plain
// or compressed. The last line is the evidence that a dump is whole, unless it
// is made without comments. Of a compressed dump everything before it must be
// decompressed to see it, which checks the stream's checksums on the way.
func mysqldump() method {
	return method{
		name:     "mysqldump",
		statuses: []Status{Success, Failed, Partial, Running},
		kept:     true,
		every:    10 * time.Second,
		open: func(b Backup, e *env) source {
			return newFileSource(b, e, folders{}, dumpFile{trailer: b.Trailer})
		},
	}
}

// dumpFile reads one dump.
type dumpFile struct{ trailer bool }

func (d dumpFile) glance(c content, f file) (artefact, error) {
	a := artefact{kind: Full}
	if born, ok := c.born(); ok && born.Before(f.modified) {
		a.start = born
	}
	if f.size == 0 {
		a.state, a.evidence = empty, "empty file"
		return a, nil
	}
	head, err := readAt(c, 0, min(f.size, tailSize))
	if err != nil {
		return a, err
	}
	if name := detectEncryption(head); name != "" {
		a.state, a.evidence = opaque, "encrypted with "+name
		if !d.trailer {
			a.state = assumed
		}
		return a, nil
	}
	if compressed := detectCompression(head); compressed != nil {
		a.state, a.evidence = unread, compressed.name+", not read yet"
		return a, nil
	}
	tail, err := readAt(c, max(0, f.size-tailSize), min(f.size, tailSize))
	if err != nil {
		return a, err
	}
	a.size = f.size
	d.judge(&a, head, tail)
	return a, nil
}

// judge tells by its first and last bytes whether a dump is whole.
func (d dumpFile) judge(a *artefact, head, tail []byte) {
	switch h := parseDumpHeader(head); {
	case hasTrailer(tail):
		a.state, a.evidence = complete, "its last line says that it is complete"
	case !d.trailer:
		a.state, a.evidence = assumed, "no longer written to"
	case h.tool == "":
		a.state, a.evidence = incomplete, "neither begins nor ends as a dump"
	default:
		a.state, a.evidence = incomplete, "its last line is missing"
	}
}

func (d dumpFile) read(in *steady, a artefact) (artefact, error) {
	head, err := readAt(in.content, 0, tailSize)
	if err != nil {
		return a, err
	}
	compressed := detectCompression(head)
	if compressed == nil {
		return a, nil
	}
	found, err := expand(in, compressed)
	a.size = found.size
	switch {
	case in.failure != nil:
		return a, in.failure
	case tooLarge(err):
		a.state, a.evidence = opaque, errTooLarge.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		a.state, a.evidence = incomplete, compressed.name+" ends early"
	case err != nil:
		a.state, a.evidence = damaged, fmt.Sprintf("%s is damaged: %v", compressed.name, err)
	case found.size == 0:
		a.state, a.evidence = empty, compressed.name+" of nothing"
	default:
		d.judge(&a, found.head, found.tail)
	}
	return a, nil
}

// expand decompresses all of it and keeps the ends.
func expand(in io.Reader, compressed *compression) (*ends, error) {
	found := &ends{}
	stream, err := compressed.open(in)
	if err != nil {
		if errors.Is(err, io.EOF) { // within the format's own header
			err = io.ErrUnexpectedEOF
		}
		return found, err
	}
	_, err = io.CopyBuffer(found, struct{ io.Reader }{stream}, make([]byte, readChunk))
	return found, cmp.Or(err, stream.Close())
}

// readAt reads length bytes, or what there is of them.
func readAt(c content, offset, length int64) ([]byte, error) {
	buf := make([]byte, length)
	n, err := c.ReadAt(buf, offset)
	if errors.Is(err, io.EOF) { // it became shorter
		err = nil
	}
	return buf[:n], err
}
