// SPDX-License-Identifier: Apache-2.0

package migration

// laravel is Laravel: a row for each applied migration, without times. Its lock,
// where it takes one, is in the cache.
func laravel() *tool {
	return &tool{
		name:    "laravel",
		table:   "migrations",
		columns: []string{"id", "migration", "batch"},
		exact:   true,
		rows:    selection{order: "id", version: "migration"},
		states:  []state{applied},
		current: newest,
		files:   files{wanted: named(`^(?P<version>[^/]*_[^/]*)\.php$`), prunable: true},
	}
}
