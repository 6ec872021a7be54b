// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// follower reads the change logs that one includes, in their order.
type follower struct {
	root  string // the folder of the first one
	parse parser
	seen  map[string]bool // by where the file is
	sets  []file
}

// liquibaseFollow returns the change sets of a change log and of all that it
// includes.
func liquibaseFollow(root string, parse parser) ([]file, error) {
	f := follower{root: filepath.Dir(root), parse: parse, seen: map[string]bool{}}
	err := f.read(root, filepath.Base(root))
	return f.sets, err
}

// read takes a file in. Its name is what Liquibase knows it by, as far as that can
// be known here.
func (f *follower) read(where, name string) error {
	if f.seen[where] {
		return nil
	}
	f.seen[where] = true
	if len(f.seen) > maxFiles {
		return fmt.Errorf("%s: more than %d files are included", where, maxFiles)
	}
	parsed, written, err := f.parse(where, func(content []byte) (any, error) { return parseChangelog(where, content) })
	if err != nil {
		return err
	}
	log, _ := parsed.(changelog)
	one := file{path: liquibasePath(name), written: written}
	if len(log.entries) == 0 && strings.EqualFold(path.Ext(name), ".sql") {
		// SQL without change sets is one (SqlChangeLogParser.java).
		f.sets = append(f.sets, one.set(log, logEntry{id: "raw", author: "includeAll"}))
	}
	for _, e := range log.entries {
		if e.kind == changeSet {
			f.sets = append(f.sets, one.set(log, e))
		} else if err := f.include(where, name, e); err != nil {
			return fmt.Errorf("%s line %d: %w", where, e.line, err)
		}
		if len(f.sets) > maxFiles {
			return fmt.Errorf("%s: more than %d change sets", where, maxFiles)
		}
	}
	return nil
}

// include takes in what an entry of a file names.
func (f *follower) include(from, name string, e logEntry) error {
	if strings.Contains(e.path, "${") {
		return fmt.Errorf("%s has a parameter, whose value is not known here: name the folder instead", e.path)
	}
	target := strings.ReplaceAll(e.path, `\`, "/")
	var where string
	if e.relative {
		where, name = filepath.Join(filepath.Dir(from), filepath.FromSlash(target)), path.Join(path.Dir(name), target)
		if _, err := os.Stat(where); err != nil {
			where = ""
		}
	} else {
		name = liquibasePath(target)
		where = f.search(name)
	}
	switch {
	case where == "" && e.optional:
		return nil
	case where == "":
		return fmt.Errorf("%s is not there, nor below a folder above: have all files of the change log here", e.path)
	case e.kind == include:
		return f.read(where, name)
	default:
		return f.all(where, name, e)
	}
}

// search finds what a path of Liquibase's search path is: below the folder of the
// first change log, or one above.
func (f *follower) search(name string) string {
	for folder := f.root; ; folder = filepath.Dir(folder) {
		where := filepath.Join(folder, filepath.FromSlash(name))
		if _, err := os.Stat(where); err == nil {
			return where
		}
		if folder == filepath.Dir(folder) {
			return ""
		}
	}
}

// all takes in the change logs of a folder in the order of their paths.
func (f *follower) all(folder, name string, e logEntry) error {
	var below []string
	err := filepath.WalkDir(folder, func(where string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside, err := filepath.Rel(folder, where)
		inside = filepath.ToSlash(inside)
		depth := strings.Count(inside, "/") + 1
		if err == nil && isChangelog(inside) && strings.HasSuffix(inside, e.suffix) && depth >= e.minDepth && depth <= e.maxDepth {
			below = append(below, inside)
		}
		if len(below) > maxFiles {
			return fmt.Errorf("%s: more than %d files", folder, maxFiles)
		}
		return err
	})
	if err != nil && (!e.optional || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if len(below) == 0 && !e.optional {
		return fmt.Errorf("%s has no change log", e.path)
	}
	slices.Sort(below)
	for _, inside := range below {
		if err := f.read(filepath.Join(folder, filepath.FromSlash(inside)), path.Join(name, inside)); err != nil {
			return err
		}
	}
	return nil
}
