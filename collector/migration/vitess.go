// SPDX-License-Identifier: Apache-2.0

package migration

// vitess is the table in which Vitess keeps its online schema changes, which it
// deletes after some days. Of each table that was changed the newest counts: a
// failed change is over when a later one was made.
func vitess() *tool {
	return &tool{
		name:  "vitess",
		table: "schema_migrations",
		columns: []string{
			"id", "migration_uuid", "mysql_schema", "mysql_table", "migration_status", "started_timestamp", "completed_timestamp",
		},
		rows: selection{
			order: "id", version: "migration_uuid", description: "CONCAT(mysql_schema, '.', mysql_table)",
			state: "CASE migration_status WHEN 'complete' THEN 'applied' WHEN 'failed' THEN 'failed' WHEN 'running' THEN 'running'" +
				" WHEN 'cancelled' THEN '' ELSE 'pending' END",
			ended: "UNIX_TIMESTAMP(completed_timestamp)",
			took:  "TIMESTAMPDIFF(MICROSECOND, started_timestamp, completed_timestamp) / 1e6",
			mark:  "SUM(CRC32(migration_status))",
		},
		states:  []state{applied, failed, running, pending},
		current: newest,
		same:    func(_, table string) string { return table },
	}
}
