// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/time/rate"

	"github.com/easy-erp/dbsync/collector"
)

const (
	// readChunk is what is read at once, forgetEvery how much of it is left in the
	// page cache meanwhile.
	readChunk   = 256 << 10
	forgetEvery = 8 << 20
)

// newLimiter bounds how fast large files are read, in bytes per second, so that
// checking a backup does not take the disk away from the database.
func newLimiter(bytesPerSecond int64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(bytesPerSecond), readChunk)
}

// steady reads a file from its beginning to its end: at a bounded rate, until ctx
// ends, without filling the page cache, and without taking out of it what others
// have in it. Who reads in the background uses half of a processor at most, and none
// while a scrape goes on.
type steady struct {
	ctx      context.Context
	content  content
	limiter  *rate.Limiter
	scrapes  *collector.Scrapes
	progress func(offset int64) // called after each read

	resumed time.Time     // when the last read ended, and work on what it gave began
	worked  time.Duration // without a rest

	offset, forgotten int64
	held              map[int64]bool // parts of forgetEvery that were in the page cache before, and stay there
	failure           error          // what kept the file from being read, as against what is in it
}

// Read implements io.Reader.
func (s *steady) Read(p []byte) (int, error) {
	p = p[:min(len(p), readChunk)]
	s.rest()
	defer func() { s.resumed = time.Now() }()
	if err := s.limiter.WaitN(s.ctx, len(p)); err != nil {
		s.failure = errors.Join(context.Cause(s.ctx), err)
		return 0, s.failure
	}
	if s.offset == 0 { // before what the system reads ahead for us is there too
		s.held = s.content.held(forgetEvery)
	}
	n, err := s.content.ReadAt(p[:min(int64(len(p)), forgetEvery-s.offset%forgetEvery)], s.offset)
	s.offset += int64(n)
	if s.offset%forgetEvery == 0 || err != nil {
		if !s.held[s.forgotten/forgetEvery] {
			s.content.forget(s.forgotten, s.offset-s.forgotten)
		}
		s.forgotten = s.offset
	}
	s.progress(s.offset)
	switch {
	case err == nil, n > 0:
		return n, nil
	case errors.Is(err, io.EOF):
		return 0, io.EOF
	}
	s.failure = err
	return 0, err
}

// spell is how long a stream is worked on without a rest.
const spell = time.Millisecond

// rest gives the processor back for as long as it was used, now and then, as what decompresses would keep it: nothing
// that comes in over the network is noticed meanwhile. Who has no limit has no scrapes to mind.
func (s *steady) rest() {
	if s.limiter.Limit() == rate.Inf {
		return
	}
	if !s.resumed.IsZero() {
		s.worked += time.Since(s.resumed)
	}
	if s.worked < spell {
		return
	}
	pause := time.NewTimer(min(s.worked, 10*spell))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-s.ctx.Done():
	}
	s.worked = 0
	s.scrapes.StandAside(s.ctx)
}

// ends holds the first and the last bytes of a stream.
type ends struct {
	head, tail []byte
	size       int64
}

// Write implements io.Writer.
func (e *ends) Write(p []byte) (int, error) {
	if room := headSize - len(e.head); room > 0 {
		e.head = append(e.head, p[:min(room, len(p))]...)
	}
	e.tail = append(e.tail, p[max(0, len(p)-tailSize):]...)
	if len(e.tail) > 2*tailSize { // not at each write, of which there may be many small ones
		e.tail = append(e.tail[:0], e.tail[len(e.tail)-tailSize:]...)
	}
	e.size += int64(len(p))
	return len(p), nil
}
