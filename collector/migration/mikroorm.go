// SPDX-License-Identifier: Apache-2.0

package migration

import "regexp"

// mikroORM is MikroORM: a row for each applied migration, with the local time of
// the server.
func mikroORM() *tool {
	return &tool{
		name:    "mikro-orm",
		table:   "mikro_orm_migrations",
		columns: []string{"id", "name", "executed_at"},
		exact:   true,
		rows:    selection{order: "id", version: "name", ended: local("executed_at")},
		states:  []state{applied},
		current: newest,
		files:   files{wanted: named(`^(?P<version>Migration[^/]*\.(?:[cm]?js|[cm]?ts))$`, declarations.String()), prunable: true},
		same: func(version, _ string) string { // how much of the ending is recorded differs between versions
			return script.ReplaceAllString(version, "")
		},
	}
}

var script = regexp.MustCompile(`\.[cm]?[jt]s$`)
