// SPDX-License-Identifier: Apache-2.0

package migration

// sqlMigrate is rubenv/sql-migrate: a row for each applied file, with the time in
// UTC. It refuses to run when an applied file is gone.
func sqlMigrate() *tool {
	return &tool{
		name:    "sql-migrate",
		table:   "gorp_migrations",
		columns: []string{"id varchar", "applied_at"},
		exact:   true,
		rows:    selection{version: "id", ended: utc("applied_at")},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>[^/]+\.sql)$`)},
	}
}
