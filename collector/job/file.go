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
	text, info, err := readSmall(path, maxFile)
	if errors.Is(err, errNotSmall) {
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

// errNotSmall refuses what no file of ours is.
var errNotSmall = errors.New("not a small regular file")

// readSmall reads a regular file of at most limit bytes. It follows no link and
// waits for no pipe: other accounts may write into the folder.
func readSmall(path string, limit int64) ([]byte, os.FileInfo, error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, nil, errNotSmall
	}
	text, err := io.ReadAll(io.LimitReader(f, limit))
	return text, info, err
}

// writeTask replaces a task's file by a whole new one: whatever happens, the old
// or the new state is there. It returns what the new file is known by. The
// temporary name is the task's own, so that crashes leave one file at most; all
// users of the host may read it, as jobs run under other accounts than the
// exporter.
func writeTask(path string, task *Task) (os.FileInfo, error) {
	text, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	temp := filepath.Join(filepath.Dir(path), ".new-"+filepath.Base(path))
	info, err := writeSynced(temp, append(text, '\n'))
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // a full disk should not keep half a file
		return nil, err
	}
	return info, syncDir(filepath.Dir(path))
}

func writeSynced(path string, text []byte) (os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	return info, errors.Join(err, statErr, f.Close())
}

// syncDir makes a rename survive a crash of the machine.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
