// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// tool knows how a tool leaves its backups in files.
type tool interface {
	// glance reads the little that a look may read of a file.
	glance(content, file) (artefact, error)
	// read reads all of a file that a glance left unread. An error means that it
	// could not be read, not that it is bad.
	read(*steady, artefact) (artefact, error)
}

// fileSource finds backups that are files. What was read of a file is remembered
// until the file changes, so that each is read once.
type fileSource struct {
	store   store
	pattern string
	tool    tool
	settle  time.Duration // what has not changed for so long is no longer written to
	now     func() time.Time
	logger  *slog.Logger
	limiter *rate.Limiter

	mu    sync.Mutex
	known []*match // as of the last look, newest first
}

// match is a file and what is known of it.
type match struct {
	file     file
	artefact artefact
	glanced  bool
	err      error     // why it could not be read
	retry    time.Time // not to be read before
}

const (
	// leastSettle bounds how soon a file counts as no longer written to.
	leastSettle = 5 * time.Second
	// eager is the size up to which a file is read although it may still grow.
	eager = 8 << 20
	// retryAfter is the pause after a file could not be read.
	retryAfter = 5 * time.Minute
)

func newFileSource(b Backup, e *env, s store, t tool) *fileSource {
	return &fileSource{
		store: s, pattern: b.Path, tool: t, settle: max(leastSettle, b.MaxDuration/10),
		now: e.target.Now, logger: e.target.Logger.With("backup", b.Name), limiter: e.limiter,
	}
}

// look lists the files and glances at those that it does not know.
func (s *fileSource) look(ctx context.Context) (history, error) {
	files, err := s.store.glob(ctx, s.pattern)
	if err != nil {
		return history{}, err
	}
	files = slices.DeleteFunc(files, func(f file) bool { return f.dir })
	slices.SortStableFunc(files, func(a, b file) int { return b.modified.Compare(a.modified) })
	matches := s.recall(files)
	good := false
	for i := 0; i < len(matches); i++ {
		m := matches[i]
		// What is older than every window matters only until a good one is found.
		if good && s.now().Sub(m.file.modified) > judgeWithin {
			break
		}
		if !m.glanced {
			if err := s.glance(ctx, m); errors.Is(err, fs.ErrNotExist) {
				matches = slices.Delete(matches, i, i+1)
				i--
				continue
			}
		}
		if ctx.Err() != nil {
			return history{}, context.Cause(ctx)
		}
		good = good || s.run(m).Status == Success
	}
	s.mu.Lock()
	s.known = matches
	s.mu.Unlock()
	return s.history()
}

// recall returns a match per file, the known one where it is unchanged.
func (s *fileSource) recall(files []file) []*match {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := make(map[fingerprint]*match, len(s.known))
	for _, m := range s.known {
		known[m.file.fingerprint()] = m
	}
	matches := make([]*match, len(files))
	for i, f := range files {
		matches[i] = known[f.fingerprint()]
		if matches[i] == nil {
			matches[i] = &match{file: f}
		}
	}
	return matches
}

func (s *fileSource) glance(ctx context.Context, m *match) error {
	a, err := s.withContent(ctx, m, func(c content) (artefact, error) { return s.tool.glance(c, m.file) })
	s.mu.Lock()
	defer s.mu.Unlock()
	m.err = err
	if err == nil {
		m.artefact, m.glanced = a, true
	}
	return err
}

func (s *fileSource) withContent(ctx context.Context, m *match, f func(content) (artefact, error)) (artefact, error) {
	c, err := s.store.open(ctx, m.file.path)
	if err != nil {
		return artefact{}, err
	}
	defer c.Close()
	return f(c)
}

func (s *fileSource) run(m *match) Run {
	if !m.glanced {
		return (&artefact{kind: Full}).run(m.file, s.now(), s.settle)
	}
	return m.artefact.run(m.file, s.now(), s.settle)
}

// history returns the runs. It is an error when a file could not be read that is
// newer than all that could: nothing can be said of the newest backup then.
func (s *fileSource) history() (history, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := history{runs: make([]Run, len(s.known))}
	judged := false
	for i, m := range s.known {
		h.runs[i] = s.run(m)
		if err := s.unknowable(m); err != nil && !judged {
			return history{}, err
		}
		judged = judged || h.runs[i].Status.Ended()
	}
	return h, nil
}

// unknowable returns why a file's state cannot be known, with the remedy.
func (s *fileSource) unknowable(m *match) error {
	switch {
	case errors.Is(m.err, fs.ErrPermission):
		return fmt.Errorf("%w: let the exporter's account read the backups", m.err)
	case m.err != nil:
		return fmt.Errorf("read %s: %w", m.file.path, m.err)
	case m.artefact.state == opaque:
		return fmt.Errorf("%s: %s: its end cannot be seen; say trailer: none", m.file.path, m.artefact.evidence)
	}
	return nil
}

// readNext reads the newest file that must be read to be judged. It returns
// false when there is none.
func (s *fileSource) readNext(ctx context.Context, progress func(int64)) (bool, error) {
	m := s.next()
	if m == nil {
		return false, nil
	}
	a, err := s.withContent(ctx, m, func(c content) (artefact, error) {
		return s.tool.read(&steady{ctx: ctx, content: c, limiter: s.limiter, progress: progress}, m.artefact)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		m.artefact, m.err = a, nil
	case ctx.Err() == nil: // not merely interrupted
		m.err, m.retry = err, s.now().Add(retryAfter)
	}
	return true, err
}

func (s *fileSource) next() *match {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, good := s.now(), false
	for _, m := range s.known {
		age := now.Sub(m.file.modified)
		if good && age > judgeWithin {
			break
		}
		ready := age >= s.settle || m.file.size <= eager
		if m.glanced && m.artefact.state == unread && ready && !now.Before(m.retry) {
			return m
		}
		good = good || s.run(m).Status == Success
	}
	return nil
}
