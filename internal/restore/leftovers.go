// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	claimPrefix = "dbsync-restore-"
	lockSuffix  = ".lock"
)

// claim is the folder of one test. Its lock lies beside it and is held as long as the test lives: it ends with the
// process, however that ends, so that a folder whose lock can be had is nobody's any more.
type claim struct {
	dir  string
	lock *os.File
}

// stake makes the folder of a test below parent. The lock is there, and held, before the folder is.
func stake(parent string) (*claim, error) {
	dir := filepath.Join(parent, claimPrefix+strings.ToLower(rand.Text()[:10]))
	// Not under its name before it is locked: another test would take it for a dead one's.
	lock, err := os.CreateTemp(parent, "."+claimPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("--temp-dir: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(lock.Name(), dir+lockSuffix)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(lock.Name()), lock.Close())
	}
	c := &claim{dir: dir, lock: lock}
	// The server's account has to pass, and nobody else has to see what is in it.
	if err := os.Mkdir(dir, 0o711); err != nil {
		return nil, errors.Join(err, c.release())
	}
	return c, os.Chmod(dir, 0o711)
}

// release removes everything.
func (c *claim) release() error {
	err := os.RemoveAll(c.dir)
	if err == nil { // else the next test tries again
		err = os.Remove(c.dir + lockSuffix)
	}
	return errors.Join(err, c.lock.Close())
}

// Sweep removes what killed tests have left below the folder, and ends a server that outlived one. It returns the
// folders that it removed.
func Sweep(parent string) ([]string, error) {
	locks, err := filepath.Glob(filepath.Join(parent, claimPrefix+"*"+lockSuffix))
	if err != nil {
		return nil, err
	}
	var swept []string
	var errs []error
	for _, lock := range locks {
		dir := strings.TrimSuffix(lock, lockSuffix)
		gone, err := sweepOne(dir, lock)
		if err != nil {
			errs = append(errs, fmt.Errorf("what a killed restore test left in %s: %w", dir, err))
		} else if gone {
			swept = append(swept, dir)
		}
	}
	return swept, errors.Join(errs...)
}

func sweepOne(dir, lock string) (bool, error) {
	file, err := os.OpenFile(lock, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission), errors.Is(err, syscall.ELOOP):
		return false, nil // gone, or none of ours
	case err != nil:
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != os.Geteuid() || !info.Mode().IsRegular() {
		return false, nil // another account's: in /tmp anybody can leave a file of that name
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return false, nil // its test lives
	}
	if err := endOrphans(dir); err != nil {
		return false, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return false, err
	}
	err = os.Remove(lock)
	if errors.Is(err, os.ErrNotExist) { // another one swept at the same time
		err = nil
	}
	return err == nil, err
}
