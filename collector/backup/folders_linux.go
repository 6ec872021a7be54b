// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// birth returns when the file was made, which most local file systems remember.
func birth(f *os.File) (time.Time, bool) {
	var s unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &s)
	if err != nil || s.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}, false
	}
	return time.Unix(s.Btime.Sec, int64(s.Btime.Nsec)), true
}

// dropCache is advice: its failure changes nothing.
func dropCache(f *os.File, offset, length int64) {
	_ = unix.Fadvise(int(f.Fd()), offset, length, unix.FADV_DONTNEED)
}
