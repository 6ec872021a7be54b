// SPDX-License-Identifier: Apache-2.0

package migration

// efcore is Entity Framework Core: a row for each applied migration. From version 9
// it is at work while it has its lock: Pomelo's provider puts the database into
// its name, Oracle's does not.
func efcore() *tool {
	return &tool{
		name:    "efcore",
		table:   "__EFMigrationsHistory",
		columns: []string{"migrationid", "productversion"},
		exact:   true,
		rows:    selection{version: "MigrationId"},
		states:  []state{applied},
		lock: lock{shared: true, names: func(schema, _ string) []string {
			return []string{"__" + schema + "_EFMigrationsLock", "__EFMigrationsLock"}
		}},
		files: files{wanted: named(`^(?P<version>\d{14}_[^/]+)\.cs$`, `\.Designer\.cs$`), deep: true, prunable: true},
	}
}
