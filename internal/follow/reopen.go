// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"os"
	"path/filepath"
)

// maxSiblings bounds the files of the log's folder that are looked at.
const maxSiblings = 10_000

// reopen opens what was read last, wherever it was renamed to within its folder,
// to go on where that ended. What a rotation compressed meanwhile is lost: a gap.
func (f *Follower) reopen(p Position) {
	for i, at := range p.Files {
		newest := i == len(p.Files)-1
		one := f.find(at)
		switch {
		case one == nil:
			if newest {
				f.stats.Gaps++
			}
		case newest && f.isCurrent(one):
			f.current = one
		default:
			one.active = f.now()
			f.rotated = append(f.rotated, one)
		}
	}
}

func (f *Follower) isCurrent(one *file) bool {
	info, err := os.Stat(f.path)
	return err == nil && os.SameFile(info, one.info)
}

// find returns the file of a position, or nil when it is gone.
func (f *Follower) find(at FilePosition) *file {
	if one := openAt(f.path, at); one != nil {
		return one
	}
	dir, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(maxSiblings)
	for _, name := range names {
		if one := openAt(filepath.Join(filepath.Dir(f.path), name), at); one != nil {
			return one
		}
	}
	return nil
}

// openAt opens the file when it is the one of the position, else it returns nil.
func openAt(path string, at FilePosition) *file {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() < at.Offset || inode(info) != at.Inode {
		return nil
	}
	one, err := openFile(path, false)
	if err != nil {
		return nil
	}
	if head, n := one.readHead(at.HeadSize); n != at.HeadSize || head != at.Head {
		_ = one.Close()
		return nil
	}
	one.offset, one.skipping, one.head, one.headSize = at.Offset, at.Within, at.Head, at.HeadSize
	return one
}
