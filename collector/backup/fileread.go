// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"time"
)

// readNext reads the match that most wants it. It returns false when there is
// none.
func (s *fileSource) readNext(ctx context.Context, progress func(read, all int64)) (bool, error) {
	m, before := s.next()
	if m == nil {
		return false, nil
	}
	if m.streams == nil {
		m.streams = &streams{store: s.store, limiter: s.limiter}
	}
	all := max(m.file.size, before.stored)
	m.streams.progress = func(read int64) { progress(read, all) }
	a, err := s.readMatch(ctx, m, before)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		m.streams = nil
		if m.artefact.same(&before) { // else it was still written to, and the next glance will tell
			m.artefact, m.err, m.verified = a, nil, s.now()
		}
	case ctx.Err() == nil: // not merely interrupted
		m.err, m.retry = err, s.now().Add(retryAfter)
	}
	return true, err
}

func (s *fileSource) readMatch(ctx context.Context, m *match, before artefact) (artefact, error) {
	p, err := enter(ctx, s.store, m.file)
	if err != nil {
		return before, err
	}
	if m.streams.sums, err = findSums(ctx, p); err != nil {
		return before, err
	}
	a, err := s.tool.read(ctx, p, before, m.streams)
	if err == nil {
		m.streams.sums.verified(p, &a)
	}
	return a, err
}

// next returns the newest match that cannot be judged without reading it, or else
// the newest good one if it is to be verified, as it is now.
func (s *fileSource) next() (*match, artefact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var newest *match // that is good
	for _, m := range s.known {
		if newest != nil && now.Sub(m.file.modified) > judgeWithin {
			break
		}
		if m.glanced && m.artefact.state == unread && s.ready(m, now) {
			return m, m.artefact
		}
		if newest == nil && s.run(m).Status == Success {
			newest = m
		}
	}
	if newest != nil && s.due(newest, now) && s.ready(newest, now) {
		return newest, newest.artefact
	}
	return nil, artefact{}
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
