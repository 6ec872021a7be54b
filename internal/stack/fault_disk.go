// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The folder of the backups gets a file system of its own, in memory, of this size; it is full enough for the alert
// when the ballast lies in it and still holds the dumps, which are well below a megabyte.
const (
	backupDisk  = 48 << 20
	ballastSize = backupDisk / 100 * 87
)

// diskFault fills the file system that the backups lie on. Only one of our own may be filled: hence the small mount,
// which takes root. A full file system of the machine would hurt whoever else uses it.
func diskFault() kind {
	return kind{
		Fault: Fault{
			Name:   "disk",
			Help:   "fill the small file system that the backups lie on beyond 85 %",
			Heal:   "remove what fills it",
			Alerts: []string{"DiskSpaceLow"},
		},
		make:     func(s *Stack, _ context.Context) error { return fill(s.ballast()) },
		heal:     func(s *Stack, _ context.Context) error { return empty(s.ballast()) },
		possible: func(s *Stack) error { return s.company.noDisk },
	}
}

// mountBackups gives the backups a small file system of their own where that is possible, and remembers why not.
func (s *Stack) mountBackups(dir string) {
	if os.Geteuid() != 0 {
		s.company.noDisk = errors.New("only root can mount the small file system that would be filled")
		return
	}
	s.company.noDisk = mountSmall(dir, backupDisk)
}

func (s *Stack) ballast() string { return filepath.Join(s.company.dumper.dir, "forgotten.tmp") }

// fill writes a file of real blocks: a sparse one takes no space.
func fill(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	block := make([]byte, 1<<20)
	for written := 0; written < ballastSize; written += len(block) {
		if _, err := file.Write(block); err != nil {
			return fmt.Errorf("fill the backups' file system: %w", err)
		}
	}
	return nil
}

func empty(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
