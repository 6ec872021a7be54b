// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// folders is the store of this machine's file systems.
type folders struct{}

// maxMatches bounds what one pattern may match.
const maxMatches = 100_000

// meta are the characters that make a path a pattern.
const meta = `*?[\`

func (folders) glob(ctx context.Context, pattern string) ([]file, error) {
	dir, rest := fixedPart(pattern)
	g := &globber{ctx: ctx, seen: map[[2]uint64]bool{}}
	if rest == "" { // one fixed path, whose folder must be there
		dir, rest = filepath.Dir(pattern), filepath.Base(pattern)
	}
	if err := g.below(dir, strings.Split(rest, string(filepath.Separator)), true); err != nil {
		return nil, err
	}
	return g.found, nil
}

// fixedPart splits a pattern into the folder that it names and what is left.
func fixedPart(pattern string) (dir, rest string) {
	first := strings.IndexAny(pattern, meta)
	if first < 0 {
		return filepath.Clean(pattern), ""
	}
	cut := strings.LastIndexByte(pattern[:first], filepath.Separator)
	return filepath.Clean(pattern[:cut+1]), strings.Trim(pattern[cut+1:], string(filepath.Separator))
}

// globber gathers what a pattern matches.
type globber struct {
	ctx   context.Context
	found []file
	seen  map[[2]uint64]bool // so that a link to a match does not count twice
}

// below matches the elements of a pattern below a folder. It is an error when a
// folder that the pattern names is missing: a file system is not mounted then,
// or the path is wrong. One that only matches may go at any time.
func (g *globber) below(dir string, elements []string, named bool) error {
	names, err := g.names(dir, elements[0])
	switch {
	case err != nil && !named && gone(err):
		return nil
	case err != nil:
		return err
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if len(elements) > 1 {
			err = g.below(path, elements[1:], false)
		} else {
			err = g.add(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether there is no such thing.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// names returns the names in the folder that match. As in a shell, a leading dot
// must be written: such names are of files that are still being copied.
func (g *globber) names(dir, element string) ([]string, error) {
	if !strings.ContainsAny(element, meta) {
		_, err := os.Stat(dir)
		return []string{element}, err
	}
	const batch = 1000
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var matching []string
	for {
		names, err := d.Readdirnames(batch)
		for _, name := range names {
			ok, bad := filepath.Match(element, name)
			if bad != nil {
				return nil, fmt.Errorf("pattern %q: %w", element, bad)
			}
			if ok && (name[0] != '.' || element[0] == '.') {
				matching = append(matching, name)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return matching, nil
		case err != nil:
			return nil, err
		case g.ctx.Err() != nil:
			return nil, context.Cause(g.ctx)
		case len(matching) > maxMatches:
			return nil, fmt.Errorf("folder %s: the pattern matches more than %d names: narrow it", dir, maxMatches)
		}
	}
}

// add takes a match in, if it is a regular file or a folder.
func (g *globber) add(path string) error {
	if g.ctx.Err() != nil {
		return context.Cause(g.ctx)
	}
	info, err := os.Stat(path)
	switch {
	case gone(err): // meanwhile, or a dangling link
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular() && !info.IsDir(): // a pipe or a device would hang
		return nil
	}
	id, known := identity(info)
	if known && g.seen[id] {
		return nil
	}
	g.seen[id] = true
	if len(g.found) == maxMatches {
		return fmt.Errorf("the pattern matches more than %d files: narrow it", maxMatches)
	}
	g.found = append(g.found, file{path: path, size: info.Size(), modified: info.ModTime(), dir: info.IsDir(), id: id})
	return nil
}

func (folders) tree(ctx context.Context, dir string) ([]file, error) {
	var all []file
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		var info fs.FileInfo
		if err == nil && d.Type().IsRegular() {
			info, err = d.Info()
		}
		switch {
		case gone(err) && path != dir: // a tool renames and removes its files as it goes
			return nil
		case err != nil || info == nil:
			return err
		case len(all) == maxTree:
			return fmt.Errorf("folder %s: more than %d files below it", dir, maxTree)
		}
		id, _ := identity(info)
		all = append(all, file{path: path, size: info.Size(), modified: info.ModTime(), id: id})
		return nil
	})
	return all, err
}

func (folders) open(_ context.Context, path string) (content, error) {
	// A pipe that took the file's place since it was listed must not hang the open.
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file any more", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return localFile{f}, nil
}

func (folders) space(_ context.Context, pattern string) space {
	dir, rest := fixedPart(pattern)
	if rest == "" {
		dir = filepath.Dir(dir)
	}
	return available(dir)
}

// slashed is a path with slashes, whatever the system separates by.
func slashed(path string) string { return filepath.ToSlash(path) }

type localFile struct{ *os.File }

func (f localFile) born() (time.Time, bool) { return birth(f.File) }

func (f localFile) held(part int64) map[int64]bool {
	info, err := f.Stat()
	if err != nil || cached(f.File, 0, info.Size()) < min(part, info.Size())/2 {
		return nil // as for nearly every backup: no need to look more closely
	}
	held := map[int64]bool{}
	for i := int64(0); i*part < info.Size(); i++ {
		length := min(part, info.Size()-i*part)
		held[i] = cached(f.File, i*part, length) >= (length+1)/2
	}
	return held
}

func (f localFile) forget(offset, length int64) { dropCache(f.File, offset, length) }
