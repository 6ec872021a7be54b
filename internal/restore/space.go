// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector/backup"
)

const (
	// serverBase is what a server takes before anything is restored: system tables, redo and undo logs.
	serverBase = 384 << 20
	// reserve is left free on the disk, whatever happens.
	reserve = 256 << 20
	// indexed is how much more a table takes than the statements that fill it: indexes, pages that are not full.
	indexed = 2
	// packed is how much larger than it is stored a backup of unknown size is taken to be at most.
	packed = 4
)

// need estimates what restoring takes, in bytes.
func need(method string, chain []*backup.Copy) int64 {
	var all int64
	for _, c := range chain {
		size := c.Run.Size
		if size == 0 {
			size = c.Run.Stored
			if compressed(c) {
				size *= packed
			}
		}
		all += size
	}
	if !isPhysical(method) {
		all *= indexed
	}
	return all + all/10 + serverBase
}

// compressed goes by the names of the files.
func compressed(c *backup.Copy) bool {
	for _, f := range c.Files {
		switch filepath.Ext(f.Name) {
		case ".gz", ".zst", ".lz4", ".xz", ".bz2", ".qp":
			return true
		}
	}
	return false
}

// free is the space that is left for us below the folder, in bytes.
func free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("--temp-dir %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // the types differ between systems
}

// checkSpace fails unless there is enough for the estimate.
func checkSpace(dir string, needed, limit int64) error {
	left, err := free(dir)
	switch {
	case err != nil:
		return err
	case left-reserve < needed:
		return fmt.Errorf("not enough space in %s: restoring takes about %d MiB, %d MiB are free and %d of them are left alone; "+
			"name a folder with more by --temp-dir", dir, needed>>20, left>>20, int64(reserve)>>20)
	case limit > 0 && limit < needed:
		return fmt.Errorf("--disk %d MiB is too little: restoring takes about %d MiB", limit>>20, needed>>20)
	}
	return nil
}

// guardSpace ends the test when its folder outgrows the limit (0: none) or the disk runs full.
func guardSpace(ctx context.Context, dir string, limit int64, end context.CancelCauseFunc) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if left, err := free(dir); err == nil && left < reserve {
			end(fmt.Errorf("the disk of %s has only %d MiB left: ended before it is full; name another folder by --temp-dir", dir, left>>20))
		}
		if limit > 0 {
			if used := sizeOf(dir); used > limit {
				end(fmt.Errorf("it takes more than --disk allows: %d MiB", used>>20))
			}
		}
	}
}

// sizeOf is what the files below a folder take. What goes while it looks is not counted.
func sizeOf(dir string) int64 {
	var all int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			all += info.Size()
		}
		return nil
	})
	return all
}
