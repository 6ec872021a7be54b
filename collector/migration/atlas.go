// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"path"
	"strings"
)

// atlas is Atlas's versioned workflow. A row is there before the migration runs,
// and counts the statements that were applied; error holds what went wrong. How
// long it took is not known: execution_time is that of the last statement.
func atlas() *tool {
	return &tool{
		name:  "atlas",
		table: "atlas_schema_revisions",
		columns: []string{
			"version", "description", "type", "applied", "total", "executed_at", "execution_time", "error", "hash",
		},
		rows: selection{
			version: "version", description: "description", checksum: "TRIM(LEADING 'h1:' FROM hash)",
			state: "CASE WHEN version = '.atlas_cloud_identifier' THEN '' WHEN error <> '' THEN 'failed'" +
				" WHEN applied < total THEN 'unfinished' WHEN type & 3 = 1 THEN 'baseline' ELSE 'applied' END",
			ended: "UNIX_TIMESTAMP(executed_at) + execution_time / 1e9",
			mark:  "MAX(version), SUM(applied), SUM(total), SUM(execution_time)",
		},
		states: []state{applied, failed, unfinished},
		lock:   lock{names: func(string, string) []string { return []string{"atlas_migrate_execute"} }, shared: true},
		files:  files{wanted: atlasFile, inside: atlasInside, compare: compareAtlas},
	}
}

// atlasFile takes the list of files with their checksums, and the files
// themselves for what they say in their head.
func atlasFile(name string) (file, bool) {
	return file{version: atlasVersion(name)}, name == "atlas.sum" || strings.HasSuffix(name, ".sql")
}

// atlasVersion is what comes before the first underscore of a file's name.
func atlasVersion(name string) string {
	version, _, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
	return version
}

// atlasInside returns the files that atlas.sum lists. Its first line is the sum of
// the others (sql/migrate/dir.go, HashFile). Of the files themselves it returns
// checkpoints, which never run where there is a history.
func atlasInside(f file, content []byte) ([]file, error) {
	if f.path != "atlas.sum" {
		head, _, _ := strings.Cut(string(content), "\n\n")
		if f.inert = strings.Contains(head, "-- atlas:checkpoint"); f.inert {
			return []file{f}, nil
		}
		return nil, nil
	}
	var listed []file
	for line := range strings.Lines(string(content)) {
		name, sum, ok := strings.Cut(strings.TrimSpace(line), " h1:")
		if ok {
			one := f
			one.version, one.checksum = atlasVersion(name), sum
			listed = append(listed, one)
		}
	}
	return listed, nil
}

// compareAtlas leaves checkpoints out, and what comes before the first revision.
func compareAtlas(t *tool, f facts, all []file) difference {
	inert := map[string]bool{}
	for _, one := range all {
		inert[one.version] = inert[one.version] || one.inert
	}
	var listed []file
	for _, one := range all {
		if !inert[one.version] || f.newest[one.version].stands() {
			listed = append(listed, one)
		}
	}
	first := ""
	for _, r := range f.newest {
		if first == "" || t.order(r.version, first) < 0 {
			first = r.version
		}
	}
	f.baseline = first
	return compareSets(t, f, listed)
}
