// SPDX-License-Identifier: Apache-2.0

package migration

// phinx is Phinx and CakePHP's migrations, whose plugins have a table each: a row
// for each applied version, with its begin and end.
func phinx() *tool {
	return &tool{
		name:    "phinx",
		table:   "phinxlog",
		columns: []string{"version bigint", "migration_name", "start_time", "end_time"},
		rows: selection{
			version: "version", description: "migration_name", ended: local("end_time"),
			took: "TIMESTAMPDIFF(SECOND, NULLIF(start_time, 0), NULLIF(end_time, 0))",
		},
		states: []state{applied},
		files:  files{wanted: named(`^(?P<version>\d+)_(?P<name>[a-zA-Z0-9_]+)\.php$`), prunable: true},
		same:   number,
	}
}
