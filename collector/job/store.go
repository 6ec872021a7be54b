// SPDX-License-Identifier: Apache-2.0

package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// Store keeps the tasks and their runs in a folder, which several processes may
// share. It is safe for concurrent use.
type Store struct {
	dir string
	now func() time.Time

	mu    sync.Mutex
	known map[key]entry
}

// Options say where runs are kept.
type Options struct {
	// Dir is the state folder. It is made when the first run is reported.
	Dir string
	// Now is the clock; nil: the system's.
	Now func() time.Time
}

// MaxTasks bounds the tasks of a store: each costs a dozen series.
const MaxTasks = 500

var (
	// ErrNotFound says that nothing was ever reported of the task.
	ErrNotFound = errors.New("no such task: nothing was reported under this run_type and task")
	// ErrTooManyTasks refuses the first run of yet another task.
	ErrTooManyTasks = fmt.Errorf("there are %d tasks already: retire one, or do not make up a task's name per run", MaxTasks)
)

// key identifies a task.
type key struct{ runType, task string }

// entry is a task as its file had it. The task is never changed in place.
type entry struct {
	task *Task
	file os.FileInfo
}

// New returns the store of a folder. It reads nothing yet.
func New(opts Options) *Store {
	s := &Store{dir: opts.Dir, now: opts.Now, known: map[key]entry{}}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Dir returns the state folder.
func (s *Store) Dir() string { return s.dir }

// Report takes a run in and returns when it is on the disk; false when the store
// had it already. Errors of the run itself hold a [FieldError] each. On any
// error the state is what it was before.
func (s *Store) Report(ctx context.Context, r Run) (bool, error) {
	if err := r.Validate(s.now()); err != nil {
		return false, err
	}
	news := false
	err := s.locked(ctx, func() error {
		k := key{r.RunType, r.Task}
		task, err := s.current(k)
		if err != nil {
			return err
		}
		if news = task.record(r, s.now()); !news {
			return nil
		}
		info, err := writeTask(s.path(k), task)
		if err != nil {
			return fmt.Errorf("keep the run: %w", err)
		}
		s.remember(k, entry{task, info})
		return nil
	})
	return news && err == nil, err
}

// Delete forgets a task that is retired, its counters included. It fails with
// [ErrNotFound] when there is none.
func (s *Store) Delete(ctx context.Context, runType, task string) error {
	if err := validateTask(runType, task); err != nil {
		return err
	}
	if _, err := os.Stat(s.dir); errors.Is(err, os.ErrNotExist) {
		return ErrNotFound
	}
	return s.locked(ctx, func() error {
		k := key{runType, task}
		err := os.Remove(s.path(k))
		if errors.Is(err, os.ErrNotExist) {
			err = ErrNotFound
		}
		if err == nil || errors.Is(err, ErrNotFound) {
			s.mu.Lock()
			delete(s.known, k)
			s.mu.Unlock()
		}
		return err
	})
}

// List returns the tasks as of the last Refresh or Report, sorted by run type
// and name. It does not touch the disk.
func (s *Store) List() []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	tasks := make([]Task, 0, len(s.known))
	for e := range maps.Values(s.known) {
		tasks = append(tasks, *e.task)
	}
	slices.SortFunc(tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(a.RunType, b.RunType), cmp.Compare(a.Name, b.Name))
	})
	return tasks
}

// Task returns one task, as List does.
func (s *Store) Task(runType, task string) (Task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.known[key{runType, task}]
	if !ok {
		return Task{}, false
	}
	return *e.task, true
}

// Refresh takes in what programs have left in the folder incoming, and reads what
// other processes have written. A file that cannot be read is part of the error,
// and does not keep the others from being read. The folder may be missing:
// nothing was reported yet.
func (s *Store) Refresh(ctx context.Context) error {
	takenIn := s.takeIn(ctx)
	found, err := s.scan()
	s.mu.Lock()
	defer s.mu.Unlock()
	if found != nil {
		s.known = found
	}
	return errors.Join(takenIn, err)
}

// locked calls f while no other process or goroutine changes the folder.
func (s *Store) locked(ctx context.Context, f func() error) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	unlock, err := lock(ctx, s.dir)
	if err != nil {
		return fmt.Errorf("lock the state folder %s: %w", s.dir, err)
	}
	defer unlock()
	return f()
}

// current returns the task's state on the disk, to be changed by the caller.
func (s *Store) current(k key) (*Task, error) {
	task, _, err := readTask(s.path(k))
	if !errors.Is(err, os.ErrNotExist) {
		return task, err
	}
	if err := s.room(); err != nil {
		return nil, err
	}
	return &Task{RunType: k.runType, Name: k.task}, nil
}

// room fails when no further task may be added.
func (s *Store) room() error {
	names, err := s.names()
	if err == nil && len(names) >= MaxTasks {
		err = ErrTooManyTasks
	}
	return err
}

func (s *Store) remember(k key, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[k] = e
}
