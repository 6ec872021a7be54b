// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schemachange_test

import (
	"crypto/sha1"
	"fmt"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// Spirit's checkpoint by its source (pkg/checkpoint/checkpoint.go, tableDDL).
const checkpointColumns = `(
	id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
	copier_watermark TEXT,
	checksum_watermark TEXT,
	binlog_position TEXT,
	statement TEXT,
	original_table_name VARCHAR(64) NOT NULL DEFAULT '',
	move_phase VARCHAR(32) NOT NULL DEFAULT '',
	cutover_at TEXT,
	created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP)`

// TestSpirit: the tool itself is no module that a test could get, so its tables
// and its lock are made as its source does.
func TestSpirit(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		filled(t, server, schema, "orders", 1000)
		filled(t, server, schema, "_orders_new", 500)
		server.Exec(t, "CREATE TABLE "+schema+"._orders_chkpnt "+checkpointColumns)
		of := func(name string) string { return changeOf(name, "spirit", schema, "orders") }
		m := watch(t, server, schema)

		work, err := server.Open().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer work.Close()
		do := func(statement string) {
			t.Helper()
			if _, err := work.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		do("SET time_zone = '+00:00'") // as Spirit's connections
		// As its computeLockName (pkg/dbconn/advisorylock.go) does for a short name.
		name := fmt.Sprintf("%s.orders-%.8s", schema, fmt.Sprintf("%x", sha1.Sum([]byte(schema+"orders"))))
		do("SELECT GET_LOCK('" + name + "', 0)")

		s := m.look()
		if s[of("running")] != 1 || s[of("start_timestamp_seconds")] == 0 {
			t.Errorf("running %v since %v", s[of("running")], s[of("start_timestamp_seconds")])
		}
		if _, known := s[of("last_activity_timestamp_seconds")]; known {
			t.Error("a checkpoint before there is one")
		}
		do("REPLACE INTO " + schema + "._orders_chkpnt (id, copier_watermark, statement) VALUES (1, '{}', 'ALTER TABLE orders ADD b INT')")
		s = m.look()
		if ratio := s[of("progress_ratio")]; ratio < 0.4 || ratio > 0.6 || s[of("rows_copied")] != 500 {
			t.Errorf("progress %v, %v rows", ratio, s[of("rows_copied")])
		}
		if at := s[of("last_activity_timestamp_seconds")]; at < float64(time.Now().Add(-time.Minute).Unix()) || at > float64(time.Now().Unix())+1 {
			t.Errorf("checkpoint at %v", at)
		}
		if _, there := s[changeOf("running", "pt-osc", schema, "orders")]; there {
			t.Error("taken for pt-osc's")
		}

		// It is killed.
		do("SELECT RELEASE_ALL_LOCKS()")
		m.later(6 * time.Minute)
		s = m.look()
		if _, there := s[of("running")]; there {
			t.Error("dead and running")
		}
		if _, there := s[of("last_activity_timestamp_seconds")]; !there {
			t.Error("nobody knows when it died")
		}
		for _, kind := range []string{"new_table", "checkpoint"} {
			if s[left("leftovers", kind, "spirit", schema)] != 1 {
				t.Errorf("%s: %v", kind, s)
			}
		}
	})
}

// TestSpiritTogether: changes of several tables share a checkpoint; old tables that it was told to keep have a time in their names.
func TestSpiritTogether(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for _, name := range []string{"orders", "lines", "_orders_new", "_lines_new", "_orders_old_20260102_030405"} {
			filled(t, server, schema, name, 10)
		}
		server.Exec(t, "CREATE TABLE "+schema+"._spirit_checkpoint "+checkpointColumns,
			"INSERT INTO "+schema+"._spirit_checkpoint (copier_watermark, created_at) VALUES ('{}', UTC_TIMESTAMP() - INTERVAL 1 HOUR)")
		m := watch(t, server, schema)
		s := m.look()
		for _, name := range []string{"orders", "lines"} {
			if at := s[changeOf("last_activity_timestamp_seconds", "spirit", schema, name)]; at < float64(time.Now().Unix()-3700) || at > float64(time.Now().Unix()-3500) {
				t.Errorf("%s at %v", name, at)
			}
		}
		m.later(6 * time.Minute)
		s = m.look()
		for kind, n := range map[string]float64{"new_table": 2, "checkpoint": 1, "old_table": 1} {
			if s[left("leftovers", kind, "spirit", schema)] != n {
				t.Errorf("%s: %v", kind, s)
			}
		}
	})
}

// TestHistory: the table by the documentation of percona-toolkit 3.7; TestPtOnlineSchemaChangeHistory has the real one.
func TestHistory(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for _, name := range []string{"orders", "_orders_new"} {
			filled(t, server, schema, name, 10)
		}
		server.Exec(t, "CREATE TABLE "+schema+`.pt_osc_history (job_id INT NOT NULL AUTO_INCREMENT, db CHAR(64) NOT NULL, tbl CHAR(64) NOT NULL,
			new_table_name CHAR(64) DEFAULT NULL, altr TEXT NOT NULL, args TEXT NOT NULL, lower_boundary TEXT, upper_boundary TEXT,
			done ENUM('yes','no') NOT NULL DEFAULT 'no', ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
			PRIMARY KEY (job_id)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`)
		m := watch(t, server, schema)
		m.look()
		insert := func(id int, table, done, age string) {
			server.Exec(t, fmt.Sprintf("INSERT INTO %s.pt_osc_history VALUES (%d, '%s', '%s', '', '', '{}', '', '', '%s', NOW() - INTERVAL %s)",
				schema, id, schema, table, done, age))
		}
		want := func(table, job, state string) {
			t.Helper()
			if s := m.look(); s[fmt.Sprintf("job_info{job_id=%q,method=%q,schema=%q,state=%q,table=%q}", job, "pt-osc", schema, state, table)] != 1 {
				t.Errorf("job %s of %s is not %s: %v", job, table, state, s)
			}
		}
		m.look() // none yet
		insert(1, "orders", "no", "2 HOUR")
		want("orders", "1", "stopped")
		insert(2, "orders", "no", "1 SECOND")
		want("orders", "2", "running")
		if s := m.look(); s[changeOf("running", "pt-osc", schema, "orders")] != 1 {
			t.Error("it is alive by its history")
		}
		insert(3, "orders", "yes", "1 SECOND")
		want("orders", "3", "copied")
		insert(4, "lines", "no", "1 DAY")
		want("lines", "4", "failed")
	})
}
