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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/migration/release"
	"github.com/easy-erp/dbsync/internal/hang"
)

var (
	directoryFiles = family("dbsync_migration_files", "Migrations in the files of the configured directory, or in the list that was pushed.")
	pushedAt       = family("dbsync_migration_revisions_pushed_timestamp_seconds",
		"When the list of migration files was pushed last that the configuration names, in Unix time.")
	fileFamilies = []*collector.Family{directoryFiles, pushedAt}
)

const (
	maxFiles    = 50_000
	maxContent  = 16 << 20
	readTimeout = 10 * time.Second
)

// files says how a tool names and reads migration files. The zero value: that
// is not known.
type files struct {
	// wanted reads a file's path below the folder, with slashes; false: it is none.
	wanted func(path string) (file, bool)
	// inside returns the migrations that are in a file. nil: it is one, and its
	// content does not matter.
	inside func(f file, content []byte) ([]file, error)
	// follow returns the migrations of a file that names further ones, and of those.
	// nil: a file lists migrations by their names.
	follow func(path string, parse parser) ([]file, error)
	deep   bool // folders below count as well
	// prunable: the tool does not mind when old files go away, so that only what is
	// newer than the oldest file can be missing.
	prunable bool
	// compare tells how the files differ from the history. nil: [compareSets].
	compare func(*tool, facts, []file) difference
}

// parser returns what a file holds, as it is read or as it was, and when it was
// written.
type parser func(path string, read func(content []byte) (any, error)) (any, time.Time, error)

// reader is the background collector of all folders.
type reader struct {
	places  []place
	folders map[*History]*directory
}

// directories returns the folders of the histories that have one, and the lists in
// their place.
func directories(places []place, lists *release.Store) map[*History]*directory {
	folders := map[*History]*directory{}
	for _, p := range places {
		switch h := p.configured; {
		case p.tool.files.wanted == nil:
		case h.Directory != "":
			folders[h] = &directory{path: h.Directory, files: p.tool.files}
		case h.Revisions != "" && lists != nil:
			folders[h] = &directory{pushed: func() ([]file, time.Time, error) {
				l, err := lists.Get(h.Revisions)
				if err != nil {
					return nil, time.Time{}, fmt.Errorf("list %s: %w", h.Revisions, err)
				}
				found, err := p.tool.listed(l.List)
				return found, l.Time, err
			}}
		}
	}
	return folders
}

// Collect reads the folders, each for itself: one that hangs keeps none waiting.
func (r reader) Collect(ctx context.Context, out *collector.Sink) error {
	if len(r.folders) == 0 {
		return collector.Skip(collector.Unconfigured, "name a directory or revisions in migrations.histories")
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, p := range r.places {
		d := r.folders[p.configured]
		if d == nil {
			continue
		}
		wg.Go(func() {
			out.Source(ctx, p.source(), func(ctx context.Context, out *collector.Sink) error {
				l, pushed := d.refresh(ctx)
				if l.err != nil {
					return l.err
				}
				if !pushed.IsZero() {
					out.Emit(pushedAt, float64(pushed.Unix()), p.labels()...)
				}
				out.Emit(directoryFiles, float64(l.count()), p.labels()...)
				return nil
			})
		})
	}
	wg.Wait()
	return nil
}

// directory is a folder of migration files, or what is in its place.
type directory struct {
	path     string
	pushed   func() ([]file, time.Time, error) // the list that was pushed, and when; nil: there is a path
	files    files
	guard    hang.Guard
	newest   atomic.Pointer[listing]
	contents map[string]content // by path; used by list alone, which the guard keeps single
}

// content is what a file held when it was read.
type content struct {
	size     int64
	modified time.Time
	parsed   any
}

// listing is what was found in a folder, immutable.
type listing struct {
	files []file
	err   error
}

// count is the number of migrations.
func (l *listing) count() int {
	n := 0
	for _, f := range l.files {
		if !f.inert {
			n++
		}
	}
	return n
}

// refresh reads the folder, and returns with it when the list was pushed that is in
// its place. Unless something changed, the newest listing stays the one that it was.
func (d *directory) refresh(ctx context.Context) (*listing, time.Time) {
	type result struct {
		files  []file
		pushed time.Time
	}
	r, err := hang.Do(ctx, &d.guard, func() (result, error) {
		found, pushed, err := d.list()
		return result{found, pushed}, err
	})
	found := r.files
	if err != nil {
		err = fmt.Errorf("migration files: %w", err)
	}
	before := d.newest.Load()
	if err == nil && before != nil && before.err == nil && sameFiles(before.files, found) {
		return before, r.pushed
	}
	l := &listing{found, err}
	d.newest.Store(l)
	return l, r.pushed
}

func sameFiles(a, b []file) bool {
	return slices.EqualFunc(a, b, func(x, y file) bool {
		return x.path == y.path && x.version == y.version && x.checksum == y.checksum && x.only == y.only && x.written.Equal(y.written) &&
			slices.Equal(x.after, y.after) && slices.Equal(x.replaces, y.replaces)
	})
}

// list returns the migrations of the folder, or of what is in its place.
func (d *directory) list() ([]file, time.Time, error) {
	if d.pushed != nil {
		return d.pushed()
	}
	found, err := d.read()
	return found, time.Time{}, err
}

// read reads the folder, the file that names further ones, or the one that lists
// names.
func (d *directory) read() ([]file, error) {
	root, err := filepath.EvalSymlinks(d.path)
	if err != nil {
		return nil, err
	}
	stat, err := os.Stat(root)
	switch {
	case err != nil:
		return nil, err
	case stat.IsDir():
		return d.walk(root)
	case d.files.follow != nil:
		seen := map[string]content{}
		found, err := d.files.follow(root, d.parser(seen))
		if err == nil {
			d.contents = seen
		}
		return found, err
	default:
		return d.manifest(root, stat.ModTime())
	}
}

// manifest returns the migrations that a file lists by their names, one a line: a
// release whose files are elsewhere can say what they are. Their content, and so a
// change of it, is not known.
func (d *directory) manifest(path string, written time.Time) ([]file, error) {
	text, err := readAll(path)
	if err != nil {
		return nil, err
	}
	var found []file
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		f, ok, err := d.files.byName(line)
		if err != nil {
			return nil, fmt.Errorf("%s line %d: %w", d.path, number, err)
		}
		if !ok {
			continue
		}
		f.written = written
		if found = append(found, f); len(found) > maxFiles {
			return nil, fmt.Errorf("%s: more than %d migrations", d.path, maxFiles)
		}
	}
	return found, nil
}

// walk returns the folder's migrations in the order of the files' names. What
// begins with a dot is passed over: editors and Kubernetes keep copies there.
func (d *directory) walk(root string) ([]file, error) {
	var found []file
	seen := map[string]content{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == root:
			return nil
		case entry.IsDir() && (!d.files.deep || strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case entry.IsDir() || strings.HasPrefix(entry.Name(), "."):
			return nil
		}
		here, err := d.examine(root, path, seen)
		if found = append(found, here...); len(found) > maxFiles {
			return fmt.Errorf("%s: more than %d migrations", d.path, maxFiles)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	d.contents = seen
	return found, nil
}

// examine returns the migrations of a file, through links. None when it holds
// none, or is gone.
func (d *directory) examine(root, path string, seen map[string]content) ([]file, error) {
	below, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	f, ok := d.files.wanted(filepath.ToSlash(below))
	if !ok {
		return nil, nil
	}
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !stat.Mode().IsRegular() {
		return nil, err
	}
	f.path, f.written = filepath.ToSlash(below), stat.ModTime()
	if d.files.inside == nil {
		return []file{f}, nil
	}
	parsed, _, err := d.parser(seen)(path, func(content []byte) (any, error) { return d.files.inside(f, content) })
	if err != nil {
		return nil, err
	}
	here, _ := parsed.([]file)
	return here, nil
}

// parser reads each file once, and again when it changed.
func (d *directory) parser(seen map[string]content) parser {
	return func(path string, read func([]byte) (any, error)) (any, time.Time, error) {
		stat, err := os.Stat(path)
		if err != nil {
			return nil, time.Time{}, err
		}
		c, known := d.contents[path]
		if !known || c.size != stat.Size() || !c.modified.Equal(stat.ModTime()) {
			text, err := readAll(path)
			if err != nil {
				return nil, time.Time{}, err
			}
			c = content{size: stat.Size(), modified: stat.ModTime()}
			if c.parsed, err = read(text); err != nil {
				return nil, time.Time{}, fmt.Errorf("%s %w", path, err)
			}
		}
		seen[path] = c
		return c.parsed, c.modified, nil
	}
}

func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxContent+1))
	if err == nil && len(content) > maxContent {
		err = fmt.Errorf("%s: longer than %d MiB", path, maxContent>>20)
	}
	return content, err
}
