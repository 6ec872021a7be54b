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

// cached returns how much of a part is in the page cache. Kernels before 6.5 do not tell, and none tells it of a file to who
// may not write it and does not own it: it is 0 then.
func cached(f *os.File, offset, length int64) int64 {
	part := unix.CachestatRange{Off: uint64(offset), Len: uint64(length)}
	var found unix.Cachestat_t
	if unix.Cachestat(uint(f.Fd()), &part, &found, 0) != nil {
		return 0
	}
	return int64(found.Cache) * int64(os.Getpagesize())
}

// dropCache is advice: its failure changes nothing.
func dropCache(f *os.File, offset, length int64) {
	_ = unix.Fadvise(int(f.Fd()), offset, length, unix.FADV_DONTNEED)
}
