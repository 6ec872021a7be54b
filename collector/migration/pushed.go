// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/migration/release"
)

// ReadRelease reads the migration files of a folder, or of a change log of
// Liquibase, as a list to push. An error names the file and the line.
func ReadRelease(toolName, path string) (release.List, error) {
	t, err := toolWithFiles(toolName)
	if err != nil {
		return release.List{}, err
	}
	d := directory{path: path, files: t.files}
	found, _, err := d.list()
	if err != nil {
		return release.List{}, err
	}
	l := release.List{Tool: t.name}
	for _, f := range found {
		l.Files = append(l.Files, release.File{
			Path: f.path, Version: f.version, Description: f.description, Checksum: f.checksum, Repeatable: f.repeatable,
			After: f.after, Replaces: f.replaces, Inert: f.inert, Only: string(f.only),
		})
	}
	if len(found) == 0 {
		return l, fmt.Errorf("%s has no migration file of %s: correct the folder or the tool", path, t.name)
	}
	return l, nil
}

// CheckRelease fails unless the list says what a tool's history can be compared
// with.
func CheckRelease(toolName string, l release.List) error {
	t, err := toolWithFiles(toolName)
	if err != nil {
		return err
	}
	found, err := t.listed(l)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("the list has no migration file of %s", t.name)
	}
	return err
}

// FileTools returns the names of the tools whose migration files can be read.
func FileTools() []string {
	var names []string
	for _, t := range tools() {
		if t.files.wanted != nil {
			names = append(names, t.name)
		}
	}
	slices.Sort(names)
	return names
}

func toolWithFiles(name string) (*tool, error) {
	for _, t := range tools() {
		if t.name == name && t.files.wanted != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("the migration files of %q cannot be read: want one of %s", name, strings.Join(FileTools(), ", "))
}

// listed returns the migrations of a list: as they were read where the files are,
// or else by their names.
func (t *tool) listed(l release.List) ([]file, error) {
	if l.Tool != "" && l.Tool != t.name {
		return nil, fmt.Errorf("the list is of %s, the history of %s: push it with the right tool, or correct the history's", l.Tool, t.name)
	}
	var found []file
	for _, one := range l.Files {
		f := file{
			version: one.Version, description: one.Description, checksum: one.Checksum, repeatable: one.Repeatable,
			after: one.After, replaces: one.Replaces, inert: one.Inert, only: collector.Flavour(one.Only), path: one.Path,
		}
		if l.Tool == "" {
			var ok bool
			var err error
			if f, ok, err = t.files.byName(one.Path); err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		f.written = one.Since
		found = append(found, f)
	}
	return found, nil
}

// byName is a migration of which the name alone is known. false: it is none.
func (f files) byName(name string) (file, bool, error) {
	name = path.Clean(filepath.ToSlash(strings.TrimSpace(name)))
	if !f.deep {
		name = path.Base(name)
	}
	one, ok := f.wanted(name)
	if !ok {
		return one, false, nil
	}
	if one.version == "" && !one.repeatable {
		return one, false, fmt.Errorf("%s: the tool's versions are not in its files' names: %s", name,
			"name their folder, or push what `dbsyncctl migration revisions` reads there")
	}
	one.path = name
	return one, true, nil
}
