// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"time"
)

// wanted is a match that is to be read, as it is when that begins.
type wanted struct {
	match    *match
	file     file
	artefact artefact
}

// keepEvery is how often what was read is kept for the next start, while there is
// more to read.
const keepEvery = 30 * time.Second

// readNext reads the match that most wants it. It returns false when there is
// none.
func (s *fileSource) readNext(ctx context.Context, progress func(read, all int64)) (bool, error) {
	w := s.next()
	if w.match == nil {
		s.keep(true)
		return false, nil
	}
	err := s.readOne(ctx, w, progress)
	s.keep(ctx.Err() != nil)
	return true, err
}

// readOne reads a match whole. Nothing but the caller's goroutine touches the
// match's streams.
func (s *fileSource) readOne(ctx context.Context, w wanted, progress func(read, all int64)) error {
	if w.match.streams == nil {
		w.match.streams = &streams{store: s.store, limiter: s.limiter, scrapes: s.scrapes}
	}
	all := max(w.file.size, w.artefact.stored)
	w.match.streams.progress = func(read int64) { progress(read, all) }
	a, err := s.read(ctx, w)
	s.took(ctx, w, a, err)
	return err
}

func (s *fileSource) read(ctx context.Context, w wanted) (artefact, error) {
	p, err := enter(ctx, s.store, w.file)
	if err != nil {
		return w.artefact, err
	}
	streams := w.match.streams
	if streams.sums, err = findSums(ctx, p); err != nil {
		return w.artefact, err
	}
	a, err := s.tool.read(ctx, p, w.artefact, streams)
	if err == nil {
		streams.sums.verified(p, &a)
	}
	return a, err
}

// took takes over what reading has shown.
func (s *fileSource) took(ctx context.Context, w wanted, a artefact, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := w.match
	switch {
	case err == nil:
		m.streams = nil
		if m.artefact.same(&w.artefact) { // else it was still written to, and the next glance will tell
			m.artefact, m.err, m.verified = a, nil, s.now()
			s.unkept = true
		}
	case ctx.Err() == nil: // not merely interrupted
		m.err, m.retry = err, s.now().Add(retryAfter)
	}
}

// keep saves what was read, now or when it is time. Without it, it is read again
// after a restart.
func (s *fileSource) keep(now bool) {
	s.mu.Lock()
	due := s.unkept && (now || s.now().Sub(s.keptAt) >= keepEvery)
	var entries []entry
	if due {
		entries = entriesOf(s.known)
		s.unkept, s.keptAt = false, s.now()
	}
	s.mu.Unlock()
	if !due {
		return
	}
	if err := s.memory.save(entries); err != nil {
		s.logger.Warn("what was read of backups is not kept", "err", err)
	}
}

// next returns the newest match that cannot be judged without reading it, or else
// the newest good one if it is to be verified.
func (s *fileSource) next() wanted {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var newest *match // that is good
	for _, m := range s.known {
		if newest != nil && now.Sub(m.file.modified) > judgeWithin {
			break
		}
		if m.glanced && m.artefact.state == unread && s.ready(m, now) {
			return wanted{m, m.file, m.artefact}
		}
		if newest == nil && s.run(m).Status == Success {
			newest = m
		}
	}
	if newest != nil && s.due(newest, now) && s.ready(newest, now) {
		return wanted{newest, newest.file, newest.artefact}
	}
	return wanted{}
}

// newest returns the newest match that is not being written.
func (s *fileSource) newest() wanted {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.known {
		if s.run(m).Status != Running {
			return wanted{m, m.file, m.artefact}
		}
	}
	return wanted{}
}

// ready reports whether a match may be read now.
func (s *fileSource) ready(m *match, now time.Time) bool {
	settled := now.Sub(latest(m.file.modified, m.artefact.written)) >= s.settle
	return (settled || max(m.file.size, m.artefact.stored) <= eager) && !now.Before(m.retry)
}

// due reports whether a good match is to be verified, once or again.
func (s *fileSource) due(m *match, now time.Time) bool {
	if s.level < Stream {
		return false
	}
	return m.verified.IsZero() || s.again > 0 && now.Sub(m.verified) >= s.again
}
