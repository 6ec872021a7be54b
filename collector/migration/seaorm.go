// SPDX-License-Identifier: Apache-2.0

package migration

// seaORM is SeaORM (Rust): a row for each applied migration with its time. It
// refuses to run when an applied one is gone.
func seaORM() *tool {
	return &tool{
		name:    "seaorm",
		table:   "seaql_migrations",
		columns: []string{"version varchar", "applied_at bigint"},
		exact:   true,
		rows:    selection{version: "version", ended: "applied_at"},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>m\d{8}_\d{6}_[^/]+)\.rs$`)},
	}
}
