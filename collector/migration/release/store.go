// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/statefile"
)

// suffix ends the name of a list's file.
const suffix = ".revisions"

// MaxLists bounds the lists of a folder.
const MaxLists = 200

var (
	// ErrNotFound says that no list has the name.
	ErrNotFound = errors.New("no list has this name: nothing was pushed under it")
	// ErrTooMany refuses yet another list.
	ErrTooMany = fmt.Errorf("there are %d lists already: delete one, or do not make up a name per release", MaxLists)
)

// Store keeps lists in a folder, which several processes may share: each list is
// replaced as a whole. It is safe for concurrent use.
type Store struct {
	dir string
	mu  sync.Mutex // who writes
}

// New returns the store of a state folder. It reads nothing yet.
func New(dir string) *Store { return &Store{dir: dir} }

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+suffix) }

// Put keeps a list in place of what had its name, and returns when it is on the
// disk; false when it is what was there, of which only the time is new.
func (s *Store) Put(name string, l List, now time.Time) (bool, error) {
	if err := errors.Join(CheckName(name), l.validate()); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return false, fmt.Errorf("make the state folder: %w", err)
	}
	// A file that cannot be read is mended by the list that replaces it.
	before, err := s.Get(name)
	if errors.Is(err, ErrNotFound) {
		err = s.room()
		if err != nil {
			return false, err
		}
	}
	since := map[string]time.Time{}
	for _, f := range before.Files {
		since[f.Path+"\x00"+f.Version] = f.Since
	}
	next := Pushed{name, now.UTC().Truncate(time.Second), List{Tool: l.Tool, Files: make([]File, len(l.Files))}}
	for i, f := range l.Files {
		if f.Since = since[f.Path+"\x00"+f.Version]; f.Since.IsZero() {
			f.Since = next.Time
		}
		next.Files[i] = f
	}
	text, err := json.Marshal(next)
	if err == nil && len(text) > MaxBytes {
		err = fmt.Errorf("the list takes more than %d MiB", MaxBytes>>20)
	}
	if err == nil {
		_, err = statefile.Write(s.path(name), append(text, '\n'))
	}
	if err != nil {
		return false, fmt.Errorf("keep the list: %w", err)
	}
	return !reflect.DeepEqual(before.List, next.List), nil
}

// room fails when no further list may be added.
func (s *Store) room() error {
	names, err := s.names()
	if err == nil && len(names) >= MaxLists {
		err = ErrTooMany
	}
	return err
}

// Get returns a list, or [ErrNotFound].
func (s *Store) Get(name string) (Pushed, error) {
	if err := CheckName(name); err != nil {
		return Pushed{}, err
	}
	var p Pushed
	text, _, err := statefile.Read(s.path(name), MaxBytes+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, ErrNotFound
	case err != nil:
		return p, fmt.Errorf("%s: %w", s.path(name), err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return Pushed{}, fmt.Errorf("%s is broken, push the list again: %w", s.path(name), err)
	}
	p.Name = name
	return p, nil
}

// Delete forgets a list. It fails with [ErrNotFound] when there is none.
func (s *Store) Delete(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := os.Remove(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	return err
}

// All returns the lists, sorted by name, and what could not be read.
func (s *Store) All() ([]Pushed, error) {
	names, err := s.names()
	errs := []error{err}
	var all []Pushed
	for _, name := range names {
		p, err := s.Get(name)
		switch {
		case err == nil:
			all = append(all, p)
		case !errors.Is(err, ErrNotFound): // else deleted meanwhile
			errs = append(errs, err)
		}
	}
	return all, errors.Join(errs...)
}

func (s *Store) names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if name, is := strings.CutSuffix(e.Name(), suffix); is && CheckName(name) == nil {
			names = append(names, name)
		}
	}
	if err != nil {
		err = fmt.Errorf("read the state folder: %w", err)
	}
	return names, err
}
