// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"os"
	"syscall"
)

const nonBlocking = syscall.O_NONBLOCK

// identity returns the numbers by which the system knows the file.
func identity(info os.FileInfo) ([2]uint64, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return [2]uint64{}, false
	}
	return [2]uint64{uint64(s.Dev), s.Ino}, true //nolint:unconvert // the types differ between systems
}
