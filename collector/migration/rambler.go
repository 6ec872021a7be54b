// SPDX-License-Identifier: Apache-2.0

package migration

// rambler is elwinar/rambler: a row for each applied file, and nothing else.
func rambler() *tool {
	return &tool{
		name:    "rambler",
		table:   "migrations",
		columns: []string{"migration varchar"},
		exact:   true,
		rows:    selection{version: "migration"},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>[^/]+\.sql)$`), prunable: true},
	}
}
