// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/time/rate"

	"github.com/easy-erp/dbsync/collector"
)

// streams reads the files of one match whole. What was read is remembered, so
// that after an interruption only the rest is read.
type streams struct {
	store    store
	limiter  *rate.Limiter
	scrapes  *collector.Scrapes
	progress func(read int64) // called after each read, with the bytes read in all

	sums    sums // to be compared on the way
	pages   bool // verify the checksums of InnoDB's pages on the way
	read    int64
	results map[fingerprint]*stream
}

// stream is what was found by reading a file whole.
type stream struct {
	ends              // of the content, decompressed
	compressed string // the format; empty: none
	cut        bool   // the stream ends early
	damage     error  // what is wrong with it; nil: nothing
	limit      bool   // it needs more memory than is allowed
	pages      *pages // nil: none were looked at
	ended      error  // how what consumed the content ended, if that is not the stream's fault
}

// check reads a file, decompresses it if it is compressed, and verifies its
// checksums. An error says that it could not be read; all else is in the result.
func (s *streams) check(ctx context.Context, f file) (*stream, error) {
	if r := s.results[f.fingerprint()]; r != nil {
		return r, nil
	}
	r := &stream{}
	into := io.Writer(&r.ends)
	if s.pages && hasPages(f.path) {
		r.pages = newPages(f.path)
		into = io.MultiWriter(&r.ends, r.pages)
	}
	err := s.expand(ctx, f, r, func(in io.Reader) error {
		_, err := io.CopyBuffer(into, struct{ io.Reader }{in}, make([]byte, readChunk))
		return err
	})
	if r.pages != nil && r.damage == nil {
		r.damage = r.pages.damage()
	}
	if err != nil {
		return nil, err
	}
	if s.results == nil {
		s.results = map[fingerprint]*stream{}
	}
	s.results[f.fingerprint()] = r
	return r, nil
}

// expand gives the content of a file, decompressed, to consume, and notes in the
// result what is wrong with the stream, or else how consume ended.
func (s *streams) expand(ctx context.Context, f file, r *stream, consume func(io.Reader) error) error {
	c, err := s.store.open(ctx, f.path)
	if err != nil {
		return err
	}
	defer c.Close()
	head, err := readAt(c, 0, min(f.size, tailSize))
	if err != nil {
		return err
	}
	before := s.read
	in := &steady{ctx: ctx, content: c, limiter: s.limiter, scrapes: s.scrapes, progress: func(offset int64) {
		s.read = before + offset
		s.progress(s.read)
	}}
	want, summed := s.sums[slashed(f.path)]
	if !summed {
		r.consume(in, detectCompression(head), consume)
	} else {
		got := want.make()
		r.consume(io.TeeReader(in, got), detectCompression(head), consume)
		_, _ = io.Copy(got, in) // what the stream has behind its end
		if !bytes.Equal(got.Sum(nil), want.want) {
			r.damage, r.cut = errSum, false
		}
	}
	if in.failure != nil {
		s.read = before
	}
	return in.failure
}

// consume decompresses what in gives.
func (r *stream) consume(in io.Reader, format *compression, consume func(io.Reader) error) {
	if format == nil {
		r.ended = consume(in)
		return
	}
	r.compressed = format.name
	decoded, err := format.open(in)
	if err != nil {
		r.fail(midway(err))
		return
	}
	defer decoded.Close()
	t := &tap{in: decoded}
	r.ended = consume(t)
	if t.err != nil {
		r.ended = nil
		r.fail(t.err)
	}
}

// tap remembers the error of a reader, to tell it from that of what reads.
type tap struct {
	in  io.Reader
	err error
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

// errSum says that a file is not the one that its checksum was made of.
var errSum = errors.New("it does not match the checksum beside it")

// fail sorts an error of the decompressor.
func (r *stream) fail(err error) {
	switch {
	case err == nil:
	case tooLarge(err):
		r.limit = true
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.cut = true
	default:
		r.damage = err
	}
}

// spoil marks an artefact by what is wrong with one of its streams, and reports
// whether something is.
func (r *stream) spoil(a *artefact, name string) bool {
	what := cmp.Or(name, "file")
	switch {
	case r.limit:
		a.state, a.evidence = opaque, fmt.Sprintf("%s: %v", what, errTooLarge)
	case r.cut:
		a.state, a.evidence = incomplete, fmt.Sprintf("%s: its %s stream ends early", what, r.compressed)
	case r.damage != nil:
		a.state, a.evidence = damaged, fmt.Sprintf("%s is damaged: %v", what, r.damage)
	default:
		return false
	}
	return true
}
