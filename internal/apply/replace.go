// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes a whole file in one step: a server that reads meanwhile reads
// the old one or the new one. A folder that is not there is made, and is its parent's
// owner's; the owner of the file stays.
func Replace(path string, text []byte, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	if err := makeFolder(dir); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir, ".new-*") // mode 0600 until it is complete
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(text); err != nil {
		return errors.Join(err, temporary.Close())
	}
	if err := errors.Join(temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := keepOwner(temporary.Name(), path); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return giveTo(dir, parent)
}
