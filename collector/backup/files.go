// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/easy-erp/dbsync/collector"
)

// tool knows how a tool leaves its backups in files. An error of its methods
// means that something could not be read, not that a backup is bad.
type tool interface {
	// glance reads the little that a look may read of a match.
	glance(context.Context, *place) (artefact, error)
	// read reads all of a match through the streams, to judge what a glance left
	// unread or to verify what it took for whole.
	read(context.Context, *place, artefact, *streams) (artefact, error)
}

// fileSource finds backups that are files or folders. What was read of one is
// remembered until it changes, so that each is read once.
type fileSource struct {
	store   store
	pattern string
	tool    tool
	// described says that the matches only describe the backups, so that reading them
	// whole verifies nothing.
	described bool
	settle    time.Duration // what has not changed for so long is no longer written to
	level     Level         // to which the newest good one is verified
	again     time.Duration // after which it is verified again; 0: never
	now       func() time.Time
	limiter   *rate.Limiter
	scrapes   *collector.Scrapes // that reading stands aside for
	memory    memory
	logger    *slog.Logger

	mu    sync.Mutex
	known []*match               // as of the last look, newest first
	kept  map[fingerprint]*match // what was remembered, until the first look is done

	unkept bool // what was read since it was last kept
	keptAt time.Time
}

// match is a file or a folder and what is known of it.
type match struct {
	file     file
	artefact artefact
	glanced  bool
	err      error     // why it could not be read
	retry    time.Time // not to be read before
	verified time.Time // when it was last read whole; zero: never
	streams  *streams  // what an interrupted read has read
}

const (
	// leastSettle bounds how soon a file counts as no longer written to.
	leastSettle = 5 * time.Second
	// eager is the size up to which a file is read although it may still grow.
	eager = 8 << 20
	// retryAfter is the pause after a file could not be read.
	retryAfter = 5 * time.Minute
)

func newFileSource(b Backup, e *env, t tool) *fileSource {
	return &fileSource{
		store: e.store(b), pattern: b.Path, tool: t, settle: max(leastSettle, b.MaxDuration/10),
		level: b.VerifyLevel, again: b.VerifyInterval, now: e.target.Now, limiter: e.limiter, scrapes: e.target.Scrapes,
		memory: newMemory(e.stateDir, b.Name), logger: e.target.Logger.With("backup", b.Name),
	}
}

// look lists what there is and glances at what it does not know.
func (s *fileSource) look(ctx context.Context) (history, error) {
	files, err := s.store.glob(ctx, s.pattern)
	if err != nil {
		return history{}, err
	}
	files = slices.DeleteFunc(files, isSum)
	s.remember()
	slices.SortStableFunc(files, func(a, b file) int { return b.modified.Compare(a.modified) })
	matches := s.recall(files)
	good := false
	for i := 0; i < len(matches); i++ {
		m := matches[i]
		// What is older than every window matters only until a good one is found.
		if good && !m.file.dir && s.now().Sub(m.file.modified) > judgeWithin {
			continue
		}
		if s.unknown(m) {
			if err := s.glance(ctx, m); errors.Is(err, fs.ErrNotExist) {
				matches = slices.Delete(matches, i, i+1)
				i--
				continue
			}
		}
		if ctx.Err() != nil {
			return history{}, context.Cause(ctx)
		}
		good = good || s.good(m)
	}
	s.mu.Lock()
	s.known, s.kept = matches, map[fingerprint]*match{}
	s.mu.Unlock()
	h, err := s.history()
	h.space = s.store.space(ctx, s.pattern)
	return h, err
}

// unknown reports whether a match must be glanced at. What is written below a
// folder does not show in the folder itself.
func (s *fileSource) unknown(m *match) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := latest(m.file.modified, m.artefact.written)
	return !m.glanced || m.file.dir && s.now().Sub(written) < 2*s.settle
}

func (s *fileSource) good(m *match) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run(m).Status == Success
}

// remember loads, once, what was kept before a restart.
func (s *fileSource) remember() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = s.memory.load()
	}
}

// recall returns a match per file, the known one where it is unchanged.
func (s *fileSource) recall(files []file) []*match {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := maps.Clone(s.kept)
	for _, m := range s.known {
		known[m.file.fingerprint()] = m
	}
	matches := make([]*match, len(files))
	for i, f := range files {
		matches[i] = known[f.fingerprint()]
		if matches[i] == nil {
			matches[i] = &match{}
		}
		matches[i].file = f // what was remembered does not know all of it
	}
	return matches
}

func (s *fileSource) glance(ctx context.Context, m *match) error {
	var a artefact
	p, err := enter(ctx, s.store, m.file)
	if err == nil {
		a, err = s.tool.glance(ctx, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.err = err
	if err != nil {
		return err
	}
	// A second glance at an unchanged folder does not undo what reading it has shown.
	if !m.verified.IsZero() && m.artefact.same(&a) {
		return nil
	}
	m.artefact, m.glanced, m.verified = a, true, time.Time{}
	return nil
}

// same reports whether nothing was written between two glances.
func (a *artefact) same(b *artefact) bool { return a.written.Equal(b.written) && a.stored == b.stored }

// run is the match as a run. The caller holds the lock.
func (s *fileSource) run(m *match) Run {
	r := m.artefact.run(m.file, s.now(), s.settle) // of the zero artefact too: nothing is known
	r.Verified = m.verified
	return r
}

// history returns the runs. It is an error when one could not be read that is
// newer than all that could: nothing can be said of the newest backup then.
func (s *fileSource) history() (history, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := history{runs: make([]Run, len(s.known))}
	judged := false
	for i, m := range s.known {
		h.runs[i] = s.run(m)
		if err := m.unknowable(); err != nil && !judged {
			return history{}, err
		}
		judged = judged || h.runs[i].Status.Ended()
	}
	return h, nil
}

// unknowable returns why a match's state cannot be known, with the remedy.
func (m *match) unknowable() error {
	switch {
	case errors.Is(m.err, fs.ErrPermission):
		return fmt.Errorf("%w: let the exporter's account read the backups", m.err)
	case m.err != nil:
		return fmt.Errorf("read %s: %w", m.file.path, m.err)
	case m.artefact.state == opaque:
		return fmt.Errorf("%s: %s", m.file.path, m.artefact.evidence)
	}
	return nil
}
