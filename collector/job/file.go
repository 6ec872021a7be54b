// SPDX-License-Identifier: Apache-2.0

package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/easy-erp/dbsync/internal/statefile"
)

const (
	// separator stands between run type and task in a file's name. Neither may
	// contain it.
	separator = "@"
	suffix    = ".json"
	// maxFile bounds what is read: more than a task can grow to.
	maxFile = 4 << 20
)

func (s *Store) path(k key) string {
	return filepath.Join(s.dir, k.runType+separator+k.task+suffix)
}

// taskOf returns the task that a file of the folder is for; false for a
// temporary file, the lock, or what somebody else put there.
func taskOf(name string) (key, bool) {
	base, isState := strings.CutSuffix(name, suffix)
	runType, task, paired := strings.Cut(base, separator)
	if !isState || !paired || validateTask(runType, task) != nil {
		return key{}, false
	}
	return key{runType, task}, true
}

// names returns the tasks that have a file, at most a few more than MaxTasks.
func (s *Store) names() ([]key, error) {
	dir, err := os.Open(s.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state folder: %w", err)
	}
	defer dir.Close()
	var keys []key
	for len(keys) <= MaxTasks {
		entries, err := dir.ReadDir(MaxTasks)
		for _, e := range entries {
			if k, ok := taskOf(e.Name()); ok {
				keys = append(keys, k)
			}
		}
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the state folder: %w", err)
		}
	}
	return keys, fmt.Errorf("state folder %s: %w", s.dir, ErrTooManyTasks)
}

// scan returns the tasks on the disk. A file that is as it was is not read
// again; of one that cannot be read the known state is kept. The result is nil
// when the folder itself cannot be read.
func (s *Store) scan() (map[key]entry, error) {
	keys, err := s.names()
	if err != nil {
		return nil, err
	}
	var errs []error
	found := make(map[key]entry, len(keys))
	for _, k := range keys {
		s.mu.Lock()
		known, have := s.known[k]
		s.mu.Unlock()
		e, err := s.refresh(k, known)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue // retired meanwhile
		case err != nil && !have:
			errs = append(errs, err)
			continue
		case err != nil:
			errs = append(errs, err)
		}
		found[k] = e
	}
	return found, errors.Join(errs...)
}

// refresh returns the task's newest state, or the known one with an error.
func (s *Store) refresh(k key, known entry) (entry, error) {
	info, err := os.Stat(s.path(k))
	if err != nil {
		return known, err
	}
	if known.file != nil && sameState(known.file, info) {
		return known, nil
	}
	task, info, err := readTask(s.path(k))
	if err != nil {
		return known, err
	}
	return entry{task, info}, nil
}

// sameState tells a file that was not replaced: each write makes a new one.
func sameState(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// readTask reads a task's file. A broken one stays where it is, for somebody to
// look at: reports of this task fail until it is mended or removed.
func readTask(path string) (*Task, os.FileInfo, error) {
	text, info, err := statefile.Read(path, maxFile)
	if errors.Is(err, statefile.ErrNotSmall) {
		return nil, nil, fmt.Errorf("state file %s: %w: remove it", path, err)
	}
	if err != nil {
		return nil, nil, err
	}
	var task Task
	if err := json.Unmarshal(text, &task); err != nil {
		return nil, nil, fmt.Errorf("state file %s is broken, mend or remove it: %w", path, err)
	}
	if k, _ := taskOf(filepath.Base(path)); k != (key{task.RunType, task.Name}) {
		return nil, nil, fmt.Errorf("state file %s is of the task %s %s: rename or remove it", path, task.RunType, task.Name)
	}
	return &task, info, nil
}

// writeTask replaces a task's file by a whole new one, and returns what that is
// known by.
func writeTask(path string, task *Task) (os.FileInfo, error) {
	text, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	return statefile.Write(path, append(text, '\n'))
}
