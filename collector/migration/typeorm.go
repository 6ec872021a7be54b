// SPDX-License-Identifier: Apache-2.0

package migration

import "regexp"

// typeorm is TypeORM: a row for each applied migration. Its timestamp is when the
// migration was written, not when it ran.
func typeorm() *tool {
	return &tool{
		name:    "typeorm",
		table:   "migrations",
		columns: []string{"id", "timestamp bigint", "name"},
		exact:   true,
		rows:    selection{order: "id", version: "name"},
		states:  []state{applied},
		current: newest,
		files:   files{wanted: typeormFile, prunable: true},
		rank: func(version string) string { // the time is at the end
			return version[max(0, len(version)-len("1700000000000")):]
		},
	}
}

var typeormName = regexp.MustCompile(`^(\d{13})-([^/]+?)\.(?:[cm]?js|[cm]?ts)$`)

// typeormFile turns the name that the generator gives a file into that of the
// class in it.
func typeormFile(name string) (file, bool) {
	m := typeormName.FindStringSubmatch(name)
	if m == nil || declarations.MatchString(name) {
		return file{}, false
	}
	return file{version: m[2] + m[1]}, true
}

// declarations are compiled beside the code, and are none.
var declarations = regexp.MustCompile(`\.d\.[cm]?ts$`)
