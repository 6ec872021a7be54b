// SPDX-License-Identifier: Apache-2.0

package migration

// goose is pressly/goose. Its table begins with a row for version 0. Up adds a
// row, down deletes it; before v3 down added one with is_applied = 0. A migration
// that failed leaves none, and there is no lock on MySQL.
func goose() *tool {
	return &tool{
		name:    "goose",
		table:   "goose_db_version",
		columns: []string{"id", "version_id", "is_applied", "tstamp"},
		exact:   true,
		rows: selection{
			order: "id", version: "version_id", ended: local("tstamp"),
			state: "CASE WHEN version_id = 0 THEN '' WHEN is_applied + 0 = 0 THEN 'rolled_back' ELSE 'applied' END",
		},
		states: []state{applied},
		files:  files{wanted: named(`^(?P<version>\d+)_(?P<name>.*)\.(?:sql|go)$`, `_test\.go$`)},
		same:   number,
	}
}
