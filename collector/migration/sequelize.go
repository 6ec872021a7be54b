// SPDX-License-Identifier: Apache-2.0

package migration

// sequelize is Sequelize's command line and umzug: a row for each applied file.
func sequelize() *tool {
	return &tool{
		name:    "sequelize",
		table:   "SequelizeMeta",
		columns: []string{"name"},
		exact:   true,
		extra:   []string{"createdat", "updatedat"},
		rows:    selection{version: "name"},
		states:  []state{applied},
		files:   files{wanted: named(`^(?P<version>[^/]+\.(?:[cm]?js|[cm]?ts|sql))$`, declarations.String()), prunable: true},
	}
}
