// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	temporaryPrefix = "dbsync-up-"
	lockName        = "dbsyncctl.lock" // also marks a folder as one of ours
)

// folder is where a stack keeps its files. It is locked while the stack runs: the lock ends with the process, however
// that happens, so that a folder without one is known to be left behind.
type folder struct {
	root      string
	temporary bool
	lock      *os.File
}

// openFolder makes the folder: below the system's temporary folder when dir is empty. The mode lets a database server
// that runs as another account reach its own folder, and nobody list ours.
func openFolder(dir string) (*folder, error) {
	if dir != "" {
		return openKept(dir)
	}
	root, err := os.MkdirTemp("", temporaryPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, temporary: true}
	if err := errors.Join(f.take(), os.Chmod(root, 0o711)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	return f, nil
}

func openKept(dir string) (*folder, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := ours(root); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(root, 0o711); err != nil {
		return nil, err
	}
	f := &folder{root: root}
	if err := f.take(); err != nil {
		return nil, fmt.Errorf("%s: another dbsyncctl up uses this folder: %w", root, err)
	}
	if err := f.sweep(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// ours refuses a folder that holds somebody else's files.
func ours(root string) error {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, lockName)); err != nil {
		return fmt.Errorf("%s holds files that are not of dbsyncctl up: name a new or an empty folder", root)
	}
	return nil
}

func (f *folder) take() (err error) {
	f.lock, err = takeLock(filepath.Join(f.root, lockName), os.O_CREATE)
	return err
}

// takeLock locks the file, or fails at once when another process has it.
func takeLock(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// below makes a folder in the root and returns its path.
func (f *folder) below(name string, mode fs.FileMode) (string, error) {
	path := filepath.Join(f.root, name)
	return path, os.MkdirAll(path, mode)
}

// sweep removes what a run that was killed has left in a kept folder: a mount, and the servers' data.
func (f *folder) sweep() error {
	return errors.Join(unmountBelow(f.root), os.RemoveAll(filepath.Join(f.root, serversName)))
}

// close gives the folder up, and removes it when it is temporary.
func (f *folder) close() error {
	if !f.temporary {
		return errors.Join(f.sweep(), f.lock.Close())
	}
	return errors.Join(removeTree(f.root), f.lock.Close())
}

// removeTree removes a folder that may hold a mount: never through it, only after it.
func removeTree(root string) error {
	if err := unmountBelow(root); err != nil {
		return err
	}
	return os.RemoveAll(root)
}

// RemoveStale removes the temporary folders of runs that were killed, and returns their paths. Those in use, and those
// of other users, stay.
func RemoveStale() ([]string, error) {
	roots, err := filepath.Glob(filepath.Join(os.TempDir(), temporaryPrefix+"*"))
	if err != nil {
		return nil, err
	}
	var removed []string
	var errs []error
	for _, root := range roots {
		if !mine(root) {
			continue
		}
		lock, err := takeLock(filepath.Join(root, lockName), 0)
		if err != nil {
			continue // in use, or only just made
		}
		if err := errors.Join(removeTree(root), lock.Close()); err != nil {
			errs = append(errs, err)
			continue
		}
		removed = append(removed, root)
	}
	return removed, errors.Join(errs...)
}

// mine tells a folder of this user from a link or a folder that somebody else put into the shared temporary folder.
func mine(root string) bool {
	info, err := os.Lstat(root)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
