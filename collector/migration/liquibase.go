// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"path"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// liquibase is Liquibase. A change set is known by its file, id and author. The
// table shows what ran; a change set that failed leaves no row, and its changes
// half done. Rolling back deletes the row; RERAN renews it. The lock is a row of a
// second table, which stays taken when Liquibase is killed.
//
// Times are written by NOW() in the session of the client, which is the server's
// zone unless the client asks for another.
func liquibase() *tool {
	return &tool{
		name:    "liquibase",
		table:   "DATABASECHANGELOG",
		columns: []string{"id", "author", "filename", "dateexecuted", "orderexecuted", "exectype", "md5sum", "description"},
		rows: selection{
			order: "ORDEREXECUTED", version: "CONCAT(FILENAME, '::', ID, '::', AUTHOR)", description: "DESCRIPTION",
			ended: "IF(EXECTYPE = 'MARK_RAN', NULL, " + local("DATEEXECUTED") + ")",
		},
		states:  []state{applied},
		current: newest,
		lock:    lock{suffix: "LOCK", held: "LOCKED + 0", since: local("LOCKGRANTED")},
		files: files{
			wanted: liquibaseFile, inside: liquibaseInside, follow: liquibaseFollow, deep: true, compare: compareLiquibase,
		},
		same: liquibaseID,
	}
}

// liquibaseID is what Liquibase compares: the path without what depends on where
// it runs, in whatever case (DatabaseChangeLog.java, getChangeSets and
// normalizePath).
func liquibaseID(version, _ string) string {
	name, rest, _ := strings.Cut(version, "::")
	return strings.ToLower(liquibasePath(name) + "::" + rest)
}

func liquibasePath(name string) string {
	name = strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "classpath:")
	if len(name) > 1 && name[1] == ':' {
		name = name[2:]
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// liquibaseFile takes change logs in all four formats: which other file is one,
// its content says.
func liquibaseFile(name string) (file, bool) { return file{}, isChangelog(name) }

// liquibaseInside returns the change sets of a file in a folder. Includes do not
// matter there: whatever is below counts.
func liquibaseInside(f file, content []byte) ([]file, error) {
	log, err := parseChangelog(f.path, content)
	if err != nil {
		return nil, err
	}
	var sets []file
	for _, e := range log.entries {
		if e.kind == changeSet {
			sets = append(sets, f.set(log, e))
		}
	}
	return sets, nil
}

// set is a change set of the file.
func (f file) set(log changelog, e logEntry) file {
	for _, logical := range []string{log.logical, e.logical} {
		if logical != "" {
			f.path = logical
		}
	}
	f.version, f.only = f.path+"::"+e.id+"::"+e.author, e.only
	return f
}

// compareLiquibase leaves out what was applied from files that are not here: several
// programs may share a table. A file is named by what its path is relative to,
// which differs between here and where Liquibase ran, see [liquibaseHomes].
func compareLiquibase(t *tool, f facts, all []file) difference {
	all = slices.DeleteFunc(slices.Clone(all), func(one file) bool {
		return one.only != "" && f.flavour != "" && (one.only == collector.MariaDB) != (f.flavour == collector.MariaDB)
	})
	var here, recorded []string
	for _, one := range all {
		here = append(here, setFile(t.id(one.version, "")))
	}
	for id := range f.newest {
		recorded = append(recorded, setFile(id))
	}
	homes := liquibaseHomes(here, recorded)
	kept := map[string]revision{}
	for id, r := range f.newest {
		name, rest, _ := strings.Cut(id, "::")
		if home, ok := homes[name]; ok {
			kept[home+"::"+rest] = r
		}
	}
	f.newest = kept
	d := compareSets(t, f, all)
	d.late = -1 // their order is not that of their names
	return d
}

func setFile(id string) string {
	name, _, _ := strings.Cut(id, "::")
	return name
}

// liquibaseHomes finds the file here for each that was recorded: the same path, or
// else the longest that one of the two paths ends with, and that is no other's.
func liquibaseHomes(here, recorded []string) map[string]string {
	homes, byBase := map[string]string{}, map[string][]string{}
	slices.Sort(here)
	here = slices.Compact(here)
	exact := map[string]bool{}
	for _, name := range recorded {
		if _, found := slices.BinarySearch(here, name); found {
			homes[name], exact[name] = name, true
		}
	}
	for _, name := range here {
		if !exact[name] {
			byBase[path.Base(name)] = append(byBase[path.Base(name)], name)
		}
	}
	for _, name := range recorded {
		for _, other := range byBase[path.Base(name)] {
			if !exact[name] && (endsWith(name, other) || endsWith(other, name)) && len(other) > len(homes[name]) {
				homes[name] = other
			}
		}
	}
	return homes
}

// endsWith reports whether the path ends with the names of another one.
func endsWith(name, other string) bool { return strings.HasSuffix("/"+name, "/"+other) }
