// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// store is where files of backups are kept: folders of this machine, a bucket.
type store interface {
	// glob lists the files and folders that the pattern matches, each once. What
	// lies where nothing may be read is an error, not a missing match.
	glob(ctx context.Context, pattern string) ([]file, error)
	// tree lists all regular files below a folder, at any depth.
	tree(ctx context.Context, dir string) ([]file, error)
	// open opens a file for reading. A file that is gone gives fs.ErrNotExist.
	open(ctx context.Context, path string) (content, error)
	// space tells how much room there is where the pattern's matches are.
	space(ctx context.Context, pattern string) space
}

// file is a file or a folder as a listing shows it.
type file struct {
	path     string
	size     int64 // bytes; of a folder: without meaning
	modified time.Time
	dir      bool
	id       [2]uint64 // tells it from another one of the same name
}

// content is an open file.
type content interface {
	io.ReaderAt
	io.Closer
	// born returns when the file was made, where that is remembered.
	born() (time.Time, bool)
	// held returns the numbers of those parts, of so many bytes each, of which most is
	// in the page cache: somebody else uses them, or has just written them.
	held(part int64) map[int64]bool
	// forget says that a part which was read will not be read again, so that it
	// does not push anything of use out of the page cache.
	forget(offset, length int64)
}

// fingerprint identifies a file in the state that it was in.
type fingerprint struct {
	path           string
	size, modified int64
	id             [2]uint64
}

func (f file) fingerprint() fingerprint {
	return fingerprint{f.path, f.size, f.modified.UnixNano(), f.id}
}

// place is a match and the store that it is in, for a tool to look into.
type place struct {
	store store
	file  file
	files []file // of a folder: all below it
}

// limits of what is read at once
const (
	maxTree  = 200_000
	maxSmall = 4 << 20 // of a file that describes a backup
)

// enter lists what is below a folder.
func enter(ctx context.Context, s store, f file) (*place, error) {
	p := &place{store: s, file: f}
	if !f.dir {
		p.files = []file{f}
		return p, nil
	}
	files, err := s.tree(ctx, f.path)
	p.files = files
	return p, err
}

// find returns the file of that name directly in the folder.
func (p *place) find(names ...string) (file, bool) {
	for _, name := range names {
		for _, f := range p.files {
			if p.rel(f) == name {
				return f, true
			}
		}
	}
	return file{}, false
}

// rel is the path of a file below the folder.
func (p *place) rel(f file) string {
	return strings.TrimPrefix(strings.TrimPrefix(slashed(f.path), slashed(p.file.path)), "/")
}

// load reads a small file whole.
func (p *place) load(ctx context.Context, f file) ([]byte, error) {
	if f.size > maxSmall {
		return nil, fmt.Errorf("%s: %d bytes: too long for what it should be", f.path, f.size)
	}
	c, err := p.store.open(ctx, f.path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return readAt(c, 0, f.size)
}

// measure fills in what all files of the folder say together.
func (p *place) measure(a *artefact) {
	for _, f := range p.files {
		a.stored += f.size
		a.written = latest(a.written, f.modified)
	}
}

// begun returns when a file began to be written: when it was made, if that is
// remembered and the file is not one that is written over and over again. Only a
// name with a date in it, its own or its folder's, is used once.
func begun(c content, f file) time.Time {
	const date = 8 // digits
	name := slashed(f.path)
	name = path.Base(path.Dir(name)) + path.Base(name)
	digits := 0
	for _, r := range name {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if at, ok := c.born(); ok && digits >= date && at.Before(f.modified) {
		return at
	}
	return time.Time{}
}

// name is the last element of the match's path.
func (p *place) name() string { return path.Base(slashed(p.file.path)) }
