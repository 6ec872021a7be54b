// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package backup

import "golang.org/x/sys/unix"

// available asks the file system that holds the folder.
func available(dir string) space {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return space{}
	}
	return space{avail: int64(s.Bavail) * int64(s.Bsize), known: true} //nolint:unconvert // the types differ between systems
}
