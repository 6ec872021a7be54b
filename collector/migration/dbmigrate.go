// SPDX-License-Identifier: Apache-2.0

package migration

// dbMigrate is db-migrate (Node.js): a row for each applied migration, whose name
// begins with a slash, with the client's local time.
func dbMigrate() *tool {
	return &tool{
		name:    "db-migrate",
		table:   "migrations",
		columns: []string{"id", "name", "run_on"},
		exact:   true,
		rows:    selection{order: "id", version: "TRIM(LEADING '/' FROM name)", ended: local("run_on")},
		states:  []state{applied},
		current: newest,
		files:   files{wanted: named(`^(?P<version>\d+-[^/]+)\.(?:js|ts|coffee|sql)$`), prunable: true},
	}
}
