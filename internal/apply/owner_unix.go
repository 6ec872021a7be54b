// SPDX-License-Identifier: Apache-2.0

//go:build unix

package apply

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// keepOwner gives a file that root writes the owner of the one that it replaces,
// or of its folder: a secret of mode 0600 must stay readable for the server that
// it is for.
func keepOwner(path, target string) error {
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		target = filepath.Dir(target)
	}
	return giveTo(path, target)
}

// giveTo gives what root made the owner of something else.
func giveTo(path, model string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(model)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
	return nil
}
