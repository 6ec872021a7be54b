// SPDX-License-Identifier: Apache-2.0

//go:build unix

package wrap

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// coarse is how much older than the clock a fresh file may look: some file systems count in seconds, or in two.
const coarse = 2 * time.Second

// sizeOf adds up the regular files of a path, in bytes. When none was written since the given time it fails: yesterday's
// result must not pass for today's.
func sizeOf(path string, since time.Time) (size int64, err error) {
	var newest time.Time
	err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		size += info.Size()
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, fmt.Errorf("the size is not reported: %w", err)
	case newest.IsZero():
		return 0, fmt.Errorf("the size is not reported: %s holds no file", path)
	case newest.Before(since.Add(-coarse)):
		return 0, fmt.Errorf("the size is not reported: nothing in %s was written by this run, the newest file is of %s",
			path, newest.Format(time.DateTime))
	}
	return size, nil
}
