// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"io"
	"time"
)

// store is where files of backups are kept: folders of this machine, a bucket.
type store interface {
	// glob lists the files and folders that the pattern matches, each once. What
	// lies where nothing may be read is an error, not a missing match.
	glob(ctx context.Context, pattern string) ([]file, error)
	// open opens a file for reading. A file that is gone gives fs.ErrNotExist.
	open(ctx context.Context, path string) (content, error)
}

// file is a file or a folder as a listing shows it.
type file struct {
	path     string
	size     int64 // bytes
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
