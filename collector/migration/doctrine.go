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
		rank:    class,
		same:    func(version, _ string) string { return class(version) },
	}
}

// class is a class's name without its namespace, which the name of its file lacks.
func class(name string) string { return name[strings.LastIndexByte(name, '\\')+1:] }
