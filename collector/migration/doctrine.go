// SPDX-License-Identifier: Apache-2.0

package migration

import "strings"

// doctrine is Doctrine Migrations 3: a row for each applied version, which is the
// name of a class, with the application's local time and the duration.
func doctrine() *tool {
	return &tool{
		name:    "doctrine",
		table:   "doctrine_migration_versions",
		columns: []string{"version varchar", "executed_at", "execution_time"},
		exact:   true,
		rows:    selection{version: "version", ended: local("executed_at"), took: "execution_time / 1000"},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>Version[^/]*)\.php$`), deep: true, prunable: true},
		same: func(version, _ string) string { // the file's name is that of the class without its namespace
			return version[strings.LastIndexByte(version, '\\')+1:]
		},
	}
}
