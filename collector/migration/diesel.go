// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"regexp"
	"strings"
)

// diesel is Diesel (Rust): a row for each applied version with its time.
func diesel() *tool {
	return &tool{
		name:    "diesel",
		table:   "__diesel_schema_migrations",
		columns: []string{"version varchar", "run_on"},
		exact:   true,
		rows:    selection{version: "version", ended: local("run_on")},
		states:  []state{applied},
		files:   files{wanted: dieselFile, deep: true, prunable: true},
	}
}

// dieselName is the script of a folder: 2024-12-31-235959_name/up.sql.
var dieselName = regexp.MustCompile(`^([0-9-]+)_([^/]+)/up\.sql$`)

func dieselFile(name string) (file, bool) {
	m := dieselName.FindStringSubmatch(name)
	if m == nil {
		return file{}, false
	}
	return file{version: strings.ReplaceAll(m[1], "-", ""), description: m[2]}, true
}
