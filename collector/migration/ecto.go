// SPDX-License-Identifier: Apache-2.0

package migration

// ecto is Ecto (Elixir): a row for each applied version with the time in UTC. The
// name of its lock holds that of the application's repository, which nothing in
// the database tells.
func ecto() *tool {
	return &tool{
		name:    "ecto",
		table:   "schema_migrations",
		columns: []string{"version bigint", "inserted_at"},
		exact:   true,
		rows:    selection{version: "version", ended: utc("inserted_at")},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>\d+)_(?P<name>.*)\.exs$`), deep: true, prunable: true},
		same:    number,
	}
}
