// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/time/rate"

	"github.com/easy-erp/dbsync/collector"
)

// Inspector looks at one backup when it is asked to, as the collector does by
// itself. It remembers nothing beyond its own life.
type Inspector struct {
	backup Backup
	source source
}

// NewInspector returns the inspector of a backup. Reading is bounded by the
// backup's ReadRate, and not at all when that is 0.
func NewInspector(b Backup, opts Options, target *collector.Target) (*Inspector, error) {
	m, ok := findMethod(b.Method)
	if !ok {
		return nil, fmt.Errorf("backup %s: there is no method %q", b.Name, b.Method)
	}
	b.MaxDuration = cmp.Or(b.MaxDuration, defaultMaxDuration)
	limiter := rate.NewLimiter(rate.Inf, readChunk)
	if b.ReadRate > 0 {
		limiter = newLimiter(b.ReadRate)
	}
	return &Inspector{b, m.open(b, &env{target: target, runs: opts.Runs, limiter: limiter}, &m)}, nil
}

// Runs returns the runs that can be seen, the newest first. What is not judged yet
// has no status.
func (i *Inspector) Runs(ctx context.Context) ([]Run, error) {
	h, err := i.source.look(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(h.runs, func(a, b Run) int { return b.last().Compare(a.last()) })
	return h.runs, nil
}

var (
	// ErrNotVerifiable says that the backups of a method cannot be read here.
	ErrNotVerifiable = errors.New("its backups cannot be read here, only what describes them")
	// ErrNoBackup says that there is no backup that has ended.
	ErrNoBackup = errors.New("there is no backup that has ended")
)

// Verify reads the newest backup that has ended whole, and returns what was found.
// It calls progress now and then with the bytes that were read and that there are.
func (i *Inspector) Verify(ctx context.Context, progress func(read, all int64)) (Run, error) {
	files := filesOf(i.source)
	if files == nil {
		return Run{}, fmt.Errorf("backup %s, method %s: %w", i.backup.Name, i.backup.Method, ErrNotVerifiable)
	}
	if _, err := files.look(ctx); err != nil {
		return Run{}, err
	}
	w := files.newest()
	if w.match == nil {
		return Run{}, fmt.Errorf("backup %s, %s: %w", i.backup.Name, i.backup.Path, ErrNoBackup)
	}
	if err := files.readOne(ctx, w, progress); err != nil {
		return Run{}, err
	}
	files.mu.Lock()
	defer files.mu.Unlock()
	return files.run(w.match), nil
}

// filesOf returns what reads the files of a source; nil: nothing does.
func filesOf(s source) *fileSource {
	switch s := s.(type) {
	case *fileSource:
		if !s.described {
			return s
		}
	case *withHistory:
		return s.fileSource
	}
	return nil
}
