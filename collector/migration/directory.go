// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/hang"
)

var (
	directoryFiles = family("dbsync_migration_files", "Migration files in the configured directory.")
	fileFamilies   = []*collector.Family{directoryFiles}
)

const (
	maxFiles    = 50_000
	maxContent  = 16 << 20 // a longer file has no checksum
	readTimeout = 10 * time.Second
)

// files is the background collector of all folders.
type files struct{ shared *shared }

// Collect reads the folders, each for itself: one that hangs keeps none waiting.
func (c files) Collect(ctx context.Context, out *collector.Sink) error {
	if len(c.shared.directories) == 0 {
		return collector.Skip(collector.Unconfigured, "name a directory in migrations.histories")
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for p, d := range c.shared.directories {
		wg.Go(func() {
			out.Source(ctx, p.source(), func(ctx context.Context, out *collector.Sink) error {
				l := d.refresh(ctx)
				if l.err != nil {
					return l.err
				}
				out.Emit(directoryFiles, float64(len(l.files)), p.labels()...)
				return nil
			})
		})
	}
	wg.Wait()
	return nil
}

// directory is a folder of migration files.
type directory struct {
	path   string
	tool   *tool
	guard  hang.Guard
	newest atomic.Pointer[listing]
	sums   map[string]sum // by name; used by list alone, which the guard keeps single
}

// listing is what was found in a folder, immutable.
type listing struct {
	files []file
	err   error
}

// sum is the checksum of a file as it was.
type sum struct {
	size     int64
	modified time.Time
	value    *int32
}

func newDirectory(path string, t *tool) *directory {
	return &directory{path: path, tool: t, sums: map[string]sum{}}
}

// refresh reads the folder. Unless something changed, the newest listing stays
// the one that it was.
func (d *directory) refresh(ctx context.Context) *listing {
	found, err := hang.Do(ctx, &d.guard, d.list)
	if err != nil {
		err = fmt.Errorf("migration files: %w", err)
	}
	before := d.newest.Load()
	if err == nil && before != nil && before.err == nil && sameFiles(before.files, found) {
		return before
	}
	l := &listing{found, err}
	d.newest.Store(l)
	return l
}

func sameFiles(a, b []file) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].name != b[i].name || !a[i].written.Equal(b[i].written) || a[i].checksum != b[i].checksum {
			return false
		}
	}
	return true
}

// list returns the folder's migration files in the order of their names. What
// begins with a dot is passed over: editors and Kubernetes keep copies there.
func (d *directory) list() ([]file, error) {
	var found []file
	seen := map[string]sum{}
	root, err := filepath.EvalSymlinks(d.path)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == root:
			return notFolder(entry, d.path)
		case strings.HasPrefix(entry.Name(), "."), entry.IsDir() && !d.tool.recursive:
			return skip(entry)
		case entry.IsDir():
			return nil
		}
		f, ok := d.tool.file(entry.Name())
		if !ok {
			return nil
		}
		if len(found) == maxFiles {
			return fmt.Errorf("%s: more than %d migration files", d.path, maxFiles)
		}
		if ok, err = d.examine(path, &f, seen); ok {
			found = append(found, f)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	d.sums = seen
	return found, nil
}

func notFolder(entry fs.DirEntry, path string) error {
	if entry.IsDir() {
		return nil
	}
	return fmt.Errorf("%s is not a directory", path)
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// examine completes the file, through links; false when it is none after all, or
// gone.
func (d *directory) examine(path string, f *file, seen map[string]sum) (bool, error) {
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || !stat.Mode().IsRegular() {
		return false, err
	}
	f.written = stat.ModTime()
	if d.tool.checksum == nil {
		return true, nil
	}
	s, known := d.sums[path]
	if !known || s.size != stat.Size() || !s.modified.Equal(stat.ModTime()) {
		s = sum{size: stat.Size(), modified: stat.ModTime()}
		if s.value, err = checksum(path, d.tool); err != nil {
			return false, err
		}
	}
	f.checksum, seen[path] = s.value, s
	return true, nil
}

func checksum(path string, t *tool) (*int32, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxContent+1))
	if err != nil || len(content) > maxContent {
		return nil, err
	}
	if value, ok := t.checksum(content); ok {
		return &value, nil
	}
	return nil, nil
}
