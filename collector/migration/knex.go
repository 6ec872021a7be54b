// SPDX-License-Identifier: Apache-2.0

package migration

// knex is Knex: a row for each applied file. Its lock is a second table, which it
// changes in the transaction of the migrations: others see that from the first
// change of the schema on, which commits, and when Knex is killed after that it
// stays locked. It refuses to run when an applied file is gone.
func knex() *tool {
	return &tool{
		name:    "knex",
		table:   "knex_migrations",
		columns: []string{"id", "name", "batch", "migration_time"},
		exact:   true,
		rows:    selection{order: "id", version: "name", ended: local("migration_time")},
		states:  []state{applied},
		current: newest,
		lock:    lock{suffix: "_lock", held: "is_locked"},
		files: files{
			wanted: named(`^(?P<version>[^/]+\.(?:[cm]?js|[cm]?ts|co|coffee|eg|iced|litcoffee|ls))$`, declarations.String()),
		},
	}
}
