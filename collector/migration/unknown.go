// SPDX-License-Identifier: Apache-2.0

package migration

// versionOnly is a table of versions that more than one tool may have made: Rails
// before 5, tools that copied it, or dbmate on a table of others.
func versionOnly() *tool {
	return &tool{
		name:     "unknown",
		table:    "schema_migrations",
		columns:  []string{"version"},
		exact:    true,
		fallback: true,
		rows:     selection{version: "version"},
		states:   []state{applied},
	}
}
