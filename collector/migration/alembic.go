// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"regexp"
	"strings"
)

// alembic is Alembic: a row for each head of its graph of revisions that the
// schema is at, usually one. No history, no times, no lock.
func alembic() *tool {
	return &tool{
		name:    "alembic",
		table:   "alembic_version",
		columns: []string{"version_num"},
		exact:   true,
		rows:    selection{version: "version_num", mark: "BIT_XOR(CRC32(version_num))"},
		current: every,
		files:   files{wanted: alembicFile, inside: alembicInside, deep: true, compare: compareAlembic},
	}
}

func alembicFile(name string) (file, bool) { return file{}, strings.HasSuffix(name, ".py") }

var (
	alembicRevision = regexp.MustCompile(`(?m)^revision\s*(?::[^=\n]+)?=\s*["']([^"'\n]+)["']`)
	alembicParents  = regexp.MustCompile(`(?ms)^(?:down_revision|depends_on)\s*(?::[^=\n]+)?=\s*(None|["'][^"'\n]*["']|\([^)]*\)|\[[^\]]*\])`)
	quoted          = regexp.MustCompile(`["']([^"'\n]+)["']`)
)

// alembicInside reads the revision and those that it follows or depends on. They
// are in the file alone.
func alembicInside(f file, content []byte) ([]file, error) {
	m := alembicRevision.FindSubmatch(content)
	if m == nil {
		return nil, nil
	}
	f.version = string(m[1])
	for _, list := range alembicParents.FindAllSubmatch(content, -1) {
		for _, parent := range quoted.FindAllSubmatch(list[1], -1) {
			f.after = append(f.after, string(parent[1]))
		}
	}
	return []file{f}, nil
}

// compareAlembic: applied is what the current revisions come from, pending all
// else.
func compareAlembic(_ *tool, f facts, all []file) difference {
	d := difference{late: -1, changed: -1}
	parents := map[string][]string{}
	for _, one := range all {
		parents[one.version] = append(one.after, parents[one.version]...)
	}
	var reach []string
	for _, r := range f.current {
		reach = append(reach, r.version)
		if _, ok := parents[r.version]; !ok {
			d.missing++
		}
	}
	done := map[string]bool{}
	for len(reach) > 0 {
		version := reach[0]
		reach = reach[1:]
		if !done[version] {
			done[version] = true
			reach = append(reach, parents[version]...)
		}
	}
	for _, one := range all {
		if !done[one.version] {
			d.pending = append(d.pending, one)
		}
	}
	return d
}
