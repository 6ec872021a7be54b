// SPDX-License-Identifier: Apache-2.0

package migration

// dbmate is amacneil/dbmate: a row for each applied version, and nothing else.
func dbmate() *tool {
	return &tool{
		name:    "dbmate",
		table:   "schema_migrations",
		columns: []string{"version varchar(128)"},
		exact:   true,
		rows:    selection{version: "version"},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>\d+)_?(?P<name>.*)\.sql$`), prunable: true},
	}
}
