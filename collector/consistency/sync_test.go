// SPDX-License-Identifier: Apache-2.0

//go:build unix

package consistency_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// None of these tools runs here. Their tables are made by their documentation or by the
// statements in their source, and filled with what those say of the values; {s} is the
// schema.

// AWS DMS: docs.aws.amazon.com/dms, Control table task settings and Data validation,
// which name the columns and their kinds.
var dmsTables = []string{
	"CREATE TABLE {s}.awsdms_status (server_name varchar(128) NOT NULL, task_name varchar(128) NOT NULL, task_status varchar(32), " +
		"status_time datetime, pending_changes bigint, disk_swap_size bigint, task_memory bigint, source_current_position varchar(128), " +
		"source_current_timestamp datetime, source_tail_position varchar(128), source_tail_timestamp datetime, source_timestamp_applied datetime)",
	"CREATE TABLE {s}.awsdms_apply_exceptions (TASK_NAME varchar(128) NOT NULL, TABLE_OWNER varchar(128) NOT NULL, " +
		"TABLE_NAME varchar(128) NOT NULL, ERROR_TIME timestamp NOT NULL, STATEMENT longtext NOT NULL, ERROR longtext NOT NULL)",
	"CREATE TABLE {s}.awsdms_suspended_tables (server_name varchar(128), task_name varchar(128), table_owner varchar(128), " +
		"table_name varchar(128), suspend_reason varchar(32), suspend_timestamp datetime)",
	"CREATE TABLE {s}.awsdms_validation_failures_v1 (TASK_NAME varchar(128) NOT NULL, TABLE_OWNER varchar(128) NOT NULL, " +
		"TABLE_NAME varchar(128) NOT NULL, FAILURE_TIME datetime(3) NOT NULL, KEY_TYPE varchar(128) NOT NULL, `KEY` text NOT NULL, " +
		"FAILURE_TYPE varchar(128) NOT NULL, DETAILS text NOT NULL)",
	"INSERT INTO {s}.awsdms_status (server_name, task_name, task_status, status_time, source_timestamp_applied) VALUES " +
		"('host', 'ERP', 'CHANGE PROCESSING', '2026-01-02 03:04:05', '2026-01-02 03:04:00'), ('host', 'CRM', 'NOT RUNNING', '2026-01-02 03:00:00', NULL)",
	"INSERT INTO {s}.awsdms_apply_exceptions VALUES ('ERP', 'app', 'orders', FROM_UNIXTIME(1767323000), 'secret', 'e'), " +
		"('ERP', 'app', 'orders', FROM_UNIXTIME(1767323045), 'secret', 'e')",
	"INSERT INTO {s}.awsdms_suspended_tables VALUES ('host', 'ERP', 'app', 'orders', 'TABLE ERROR', '2026-01-02 03:04:05')",
	"INSERT INTO {s}.awsdms_validation_failures_v1 VALUES ('ERP', 'app', 'orders', '2026-01-02 03:04:05', 'Row', '{}', 'RECORD_DIFF', '{}')",
}

// Maxwell: src/main/resources/sql/maxwell_schema*.sql and the columns that
// SchemaStoreSchema adds to positions.
var maxwellTables = []string{
	"CREATE TABLE {s}.positions (server_id int unsigned NOT NULL, binlog_file varchar(255), binlog_position int unsigned, " +
		"gtid_set varchar(4096), client_id varchar(255) CHARACTER SET latin1 NOT NULL DEFAULT 'maxwell', heartbeat_at bigint, " +
		"last_heartbeat_read bigint, PRIMARY KEY (server_id, client_id))",
	"CREATE TABLE {s}.heartbeats (server_id int unsigned NOT NULL, client_id varchar(255) CHARACTER SET latin1 NOT NULL DEFAULT 'maxwell', " +
		"heartbeat bigint NOT NULL, PRIMARY KEY (server_id, client_id))",
	"INSERT INTO {s}.positions VALUES (1, 'bin.1', 4, NULL, 'maxwell', NULL, 1767323045500), (1, 'bin.1', 4, NULL, 'new', NULL, 0)",
	"INSERT INTO {s}.heartbeats VALUES (1, 'maxwell', 1767323055500)",
}

// TiDB DM: dm/syncer/checkpoint.go, dm/syncer/validator_checkpoint.go.
var dmTables = []string{
	"CREATE TABLE {s}.erp_syncer_checkpoint (id varchar(32) NOT NULL, cp_schema varchar(128) NOT NULL, cp_table varchar(128) NOT NULL, " +
		"binlog_name varchar(128), binlog_pos int unsigned, binlog_gtid text, exit_safe_binlog_name varchar(128) DEFAULT '', " +
		"exit_safe_binlog_pos int unsigned DEFAULT 0, exit_safe_binlog_gtid text, table_info json, is_global boolean, " +
		"create_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, update_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, " +
		"UNIQUE KEY uk_id_schema_table (id, cp_schema, cp_table))",
	"CREATE TABLE {s}.erp_validator_error_change (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, source varchar(32) NOT NULL, " +
		"src_schema_name varchar(128) NOT NULL, src_table_name varchar(128) NOT NULL, row_pk varchar(128) NOT NULL, " +
		"dst_schema_name varchar(128) NOT NULL, dst_table_name varchar(128) NOT NULL, data json NOT NULL, dst_data json NOT NULL, " +
		"error_type int NOT NULL, status int NOT NULL, create_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, " +
		"update_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, " +
		"UNIQUE KEY uk_source_schema_table_key (source, src_schema_name, src_table_name, row_pk))",
	"INSERT INTO {s}.erp_syncer_checkpoint (id, cp_schema, cp_table, binlog_name, is_global, update_time) VALUES " +
		"('mysql-01', '', '', 'bin.1', 1, FROM_UNIXTIME(1767323045)), ('mysql-01', 'a', 'b', 'bin.1', 0, FROM_UNIXTIME(1767320000)), " +
		"('mysql-02', '', '', 'bin.9', 1, FROM_UNIXTIME(1767323055))",
	"INSERT INTO {s}.erp_validator_error_change (source, src_schema_name, src_table_name, row_pk, dst_schema_name, dst_table_name, data, dst_data, " +
		"error_type, status) VALUES ('mysql-01', 'a', 'b', '1', 'a', 'b', '{}', '{}', 1, 1), ('mysql-01', 'a', 'b', '2', 'a', 'b', '{}', '{}', 1, 3)",
}

// Vitess: go/vt/sidecardb/schema/vreplication/vreplication.sql, vdiff/*.sql.
var vitessTables = []string{
	"CREATE TABLE {s}.vreplication (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, workflow varbinary(1000), source mediumblob NOT NULL, " +
		"pos varbinary(10000) NOT NULL, stop_pos varbinary(10000), max_tps bigint NOT NULL, max_replication_lag bigint NOT NULL, cell varbinary(1000), " +
		"tablet_types varbinary(100), time_updated bigint NOT NULL, transaction_timestamp bigint NOT NULL, state varbinary(100) NOT NULL, " +
		"message varbinary(1000), db_name varbinary(255) NOT NULL, rows_copied bigint NOT NULL DEFAULT 0, tags varbinary(1024) NOT NULL DEFAULT '', " +
		"time_heartbeat bigint NOT NULL DEFAULT 0, workflow_type int NOT NULL DEFAULT 0, time_throttled bigint NOT NULL DEFAULT 0, " +
		"component_throttled varchar(255) NOT NULL DEFAULT '')",
	"CREATE TABLE {s}.vdiff (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, vdiff_uuid varchar(64) NOT NULL, workflow varbinary(1024), " +
		"keyspace varbinary(256), shard varchar(255) NOT NULL, db_name varbinary(1024), state varbinary(64))",
	"CREATE TABLE {s}.vdiff_table (vdiff_id varchar(64) NOT NULL, table_name varbinary(128) NOT NULL, state varbinary(64), " +
		"rows_compared bigint NOT NULL DEFAULT 0, mismatch tinyint NOT NULL DEFAULT 0, PRIMARY KEY (vdiff_id, table_name))",
	"INSERT INTO {s}.vreplication (workflow, source, pos, max_tps, max_replication_lag, time_updated, transaction_timestamp, state, db_name, " +
		"time_heartbeat) VALUES ('move', '', '', 0, 0, 1767323000, 1767322990, 'Running', 'vt', 1767323055), " +
		"('move', '', '', 0, 0, 1767323045, 1767323040, 'Running', 'vt', 0), ('split', '', '', 0, 0, 1767323045, 0, 'Error', 'vt', 0), " +
		"('split', '', '', 0, 0, 1767323045, 0, 'Copying', 'vt', 0)",
	"INSERT INTO {s}.vdiff (id, vdiff_uuid, workflow, shard) VALUES (1, 'a', 'move', '0'), (2, 'b', 'move', '0')",
	"INSERT INTO {s}.vdiff_table (vdiff_id, table_name, mismatch) VALUES (1, 'orders', 1), (1, 'customers', 1), (2, 'orders', 1), (2, 'customers', 0)",
}

// ofTasks are the series of the tasks in a schema, by family, tool and task.
func ofTasks(series map[string]float64, schema string) map[string]float64 {
	found := map[string]float64{}
	for name, value := range series {
		if rest, ok := strings.CutPrefix(name, "sync_"); ok && strings.Contains(name, fmt.Sprintf("schema=%q", schema)) {
			found[strings.ReplaceAll(rest, fmt.Sprintf("schema=%q,", schema), "")] = value
		}
	}
	return found
}

func TestSync(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		for name, c := range map[string]struct {
			tables []string
			want   map[string]float64
		}{
			"aws-dms": {dmsTables, map[string]float64{
				"running{CRM}": 0, "last_activity_timestamp_seconds{CRM}": 1767322800, "errors{CRM}": 0, "tables_suspended{CRM}": 0, "differences{CRM}": 0,
				"running{ERP}": 1, "last_activity_timestamp_seconds{ERP}": 1767323045, "errors{ERP}": 2, "tables_suspended{ERP}": 1, "differences{ERP}": 1,
				"applied_timestamp_seconds{ERP}": 1767323040, "last_error_timestamp_seconds{ERP}": 1767323045,
			}},
			"maxwell": {maxwellTables, map[string]float64{
				"applied_timestamp_seconds{maxwell}": 1767323045.5, "last_activity_timestamp_seconds{maxwell}": 1767323055.5,
			}},
			"tidb-dm": {dmTables, map[string]float64{"last_activity_timestamp_seconds{erp}": 1767323045, "differences{erp}": 1}},
			"vitess": {vitessTables, map[string]float64{
				"running{move}": 1, "failed{move}": 0, "last_activity_timestamp_seconds{move}": 1767323045,
				"applied_timestamp_seconds{move}": 1767322990, "differences{move}": 1,
				"running{split}": 0, "failed{split}": 1, "last_activity_timestamp_seconds{split}": 1767323045,
			}},
		} {
			t.Run(name, func(t *testing.T) {
				schema := server.Schema(t)
				for _, statement := range c.tables {
					server.Exec(t, strings.ReplaceAll(statement, "{s}", schema))
				}
				got := ofTasks(watch(t, server, nil, "GRANT SELECT ON "+schema+".* TO {user}")(), schema)
				want := map[string]float64{}
				for short, value := range c.want {
					family, task, _ := strings.Cut(strings.TrimSuffix(short, "}"), "{")
					want[fmt.Sprintf("%s{task=%q,tool=%q}", family, task, name)] = value
				}
				if !maps.Equal(got, want) {
					for _, name := range slices.Sorted(maps.Keys(got)) {
						t.Logf("%s %v", name, got[name])
					}
					t.Errorf("want %v", want)
				}
			})
		}
	})
}

// TestSyncOfOthers: tables of the same names that somebody else made are not read, and
// make nothing fail.
func TestSyncOfOthers(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for _, table := range []string{"awsdms_status", "positions", "heartbeats", "x_syncer_checkpoint", "_syncer_checkpoint", "vreplication"} {
			server.Exec(t, "CREATE TABLE "+schema+"."+table+" (id int PRIMARY KEY, workflow int, task_name int)")
		}
		series := watch(t, server, nil, "GRANT SELECT ON "+schema+".* TO {user}")()
		if got := ofTasks(series, schema); len(got) > 0 {
			t.Errorf("read as a tool's: %v", got)
		}
		if series[`collector_skipped{collector="migration.sync",reason="unconfigured"}`] != 1 {
			t.Error("it is not skipped")
		}
	})
}
