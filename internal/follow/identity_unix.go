// SPDX-License-Identifier: Apache-2.0

//go:build unix

package follow

import (
	"os"
	"syscall"
)

// noWait opens a pipe without waiting for a writer.
const noWait = syscall.O_NONBLOCK

func inode(info os.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return 0
}
