// SPDX-License-Identifier: Apache-2.0

//go:build unix

package client

import (
	"os"
	"syscall"
)

// chownLike gives a new folder the owner of another one. Only root has to: whoever
// else may write there has the group or is the owner.
func chownLike(path, like string) error {
	info, err := os.Stat(like)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
	return nil
}
