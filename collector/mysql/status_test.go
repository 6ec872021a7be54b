// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// listing is the answer to a SHOW statement that lists names and values.
func listing(statement string, pairs ...string) answer {
	a := answer{prefix: statement, columns: []string{"Variable_name", "Value"}}
	for i := 0; i < len(pairs); i += 2 {
		a.rows = append(a.rows, []driver.Value{[]byte(pairs[i]), []byte(pairs[i+1])})
	}
	return a
}

func innodbMetrics(rows ...[]driver.Value) answer {
	return answer{prefix: innodbMetricsStatement, columns: []string{"NAME", "COUNT"}, rows: rows}
}

func TestStatusOddValues(t *testing.T) {
	answer := listing(statusStatement,
		"Threads_connected", "5",
		"ABORTED_CLIENTS", "7", // of a proxy
		"Com_select", "11", "Com_stmt_reprepare", "0", "Handler_read_rnd_next", "12", "Connection_errors_max_connections", "13",
		"Innodb_rows_read", "14", "Innodb_system_rows_read", "15",
		"Innodb_buffer_pool_pages_data", "16", "Innodb_buffer_pool_pages_dirty", "17", "Innodb_buffer_pool_pages_flushed", "18",
		"Innodb_buffer_pool_pages_total", "19",
		"Performance_schema_digest_lost", "20", "Performance_schema_session_connect_attrs_longest_seen", "146",
		"Ssl_server_not_after", "Nov 21 21:50:28 2036 GMT", "Ssl_server_not_before", "",
		"Innodb_redo_log_enabled", "ON", "Rpl_semi_sync_master_status", "OFF",
		"Max_used_connections_time", "2026-11-24 21:59:49", "Innodb_row_lock_time_avg", "nan", "Uptime", "NULL",
		"Memory_used", "-5", "Bytes_sent", "18446744073709551615",
		"validate_password.policy_checks", "1", "validate_password_policy_checks", "2", "option_tracker_usage:Binary Log", "3",
		"Compression", "OFF", "Rpl_status", "AUTH_MASTER",
	)
	answer.rows = append(answer.rows, []driver.Value{[]byte("Open_files"), nil})
	got := scrapeOver(t, newFake(t, collector.MySQL, "8.4.9", answer, innodbMetrics()), status(), statusAll())
	for _, series := range []struct {
		value  float64
		name   string
		labels []string
	}{
		{5, "threads_connected", nil},
		{7, "aborted_clients", nil},
		{11, "commands_total", []string{"command", "select"}},
		{0, "commands_total", []string{"command", "stmt_reprepare"}},
		{12, "handlers_total", []string{"handler", "read_rnd_next"}},
		{13, "connection_errors_total", []string{"error", "max_connections"}},
		{14, "innodb_row_ops_total", []string{"operation", "read"}},
		{15, "innodb_system_rows_read", nil},
		{16, "buffer_pool_pages", []string{"state", "data"}},
		{17, "buffer_pool_dirty_pages", nil},
		{18, "buffer_pool_page_changes_total", []string{"operation", "flushed"}},
		{20, "performance_schema_lost_total", []string{"instrumentation", "digest_lost"}},
		{2110917028, "ssl_server_not_after", nil},
		{1, "innodb_redo_log_enabled", nil},
		{0, "rpl_semi_sync_master_status", nil},
		{-5, "memory_used", nil},
		{1 << 64, "bytes_sent", nil},
		// Of mysql.status.all.
		{19, "innodb_buffer_pool_pages_total", nil},
		{146, "performance_schema_session_connect_attrs_longest_seen", nil},
		{1, "validate_password_policy_checks", nil},
		{3, "option_tracker_usage_binary_log", nil},
		{0, "compression", nil},
	} {
		got.want(t, series.value, statusPrefix+series.name, series.labels...)
	}
	for _, name := range []string{
		"ssl_server_not_before", "max_used_connections_time", "innodb_row_lock_time_avg", "uptime", "open_files", "rpl_status",
	} {
		got.wantNone(t, statusPrefix+name)
	}
	if n := len(got[statusPrefix+"commands_total"].GetMetric()); n != 2 {
		t.Errorf("%d commands, want 2", n)
	}
	got.want(t, 0, "dbsync_duplicate_series_dropped", "collector", "mysql.status.all")
}

// A result that ends half-way is no result: mysqld_exporter publishes it.
func TestStatusErrorHalfWay(t *testing.T) {
	answer := listing(statusStatement, "Threads_connected", "5", "Uptime", "7")
	answer.err = errors.New("lost connection")
	got := newScraper(t, newFake(t, collector.MariaDB, "10.11.19", answer), status(), statusAll())()
	for _, c := range []string{"mysql.status", "mysql.status.all"} {
		got.want(t, 0, "dbsync_collector_success", "collector", c)
	}
	if names := got.names("mysql_"); len(names) > 0 {
		t.Errorf("published %v", names)
	}
}

func TestInnodbStateOfEveryServer(t *testing.T) {
	variables := listing(statusStatement, "Uptime", "7")
	both := listing(statusStatement, "Innodb_deadlocks", "3", "Innodb_history_list_length", "40")
	metrics := innodbMetrics([]driver.Value{[]byte("lock_deadlocks"), int64(5)}, []driver.Value{[]byte("trx_rseg_history_len"), int64(60)})
	unknown := -1.0
	for name, test := range map[string]struct {
		server             *fake
		deadlocks, history float64
		asked              bool
	}{
		"MariaDB":                {newFake(t, collector.MariaDB, "10.11.19", both, metrics), 3, 40, false},
		"MariaDB without InnoDB": {newFake(t, collector.MariaDB, "10.11.19", variables, metrics), unknown, unknown, false},
		"MySQL":                  {newFake(t, collector.MySQL, "8.4.9", variables, metrics), 5, 60, true},
		"MySQL, switched off":    {newFake(t, collector.MySQL, "8.4.9", variables, innodbMetrics()), unknown, unknown, true},
		"Percona":                {newFake(t, collector.Percona, "8.0.40", listing(statusStatement, "Innodb_deadlocks", "3"), metrics), 3, 60, true},
		"Percona with both":      {newFake(t, collector.Percona, "8.0.40", both, metrics), 3, 40, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := scrapeOver(t, test.server, status())
			for name, want := range map[string]float64{
				"dbsync_mysql_deadlocks_total": test.deadlocks, "dbsync_mysql_history_list_length": test.history,
			} {
				if want == unknown {
					got.wantNone(t, name)
				} else {
					got.want(t, want, name)
				}
			}
			if asked := slices.Contains(test.server.asked, innodbMetricsStatement); asked != test.asked {
				t.Errorf("asked %q", test.server.asked)
			}
		})
	}
}

// A failing part does not take the status variables along, and one that the
// account may not read is not tried.
func TestInnodbMetricsOutOfReach(t *testing.T) {
	variables := listing(statusStatement, "Uptime", "7")
	broken := innodbMetrics()
	broken.err = errors.New("no")
	got := newScraper(t, newFake(t, collector.MySQL, "8.4.9", variables, broken), status())()
	got.want(t, 7, "mysql_global_status_uptime")
	got.want(t, 0, "dbsync_source_success", "collector", "mysql.status", "source", "innodb_metrics")

	server := newFake(t, collector.MySQL, "8.4.9", variables)
	server.facts.Grants = collector.ParseGrants([]string{"GRANT USAGE ON *.* TO `dbsync`@`%`"})
	got = scrapeOver(t, server, status())
	got.want(t, 7, "mysql_global_status_uptime")
	got.wantNone(t, "dbsync_source_success")
}

func TestStatusCountsWhatHappens(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		const statements = 50
		scrape := newScraper(t, connect(t, server, status()), status())
		counters := [][]string{
			{"mysql_global_status_commands_total", "command", "select"},
			{"mysql_global_status_questions"},
			{"mysql_global_status_queries"},
		}
		before := scrape()
		for range statements {
			testenv.Value[int](t, server, "SELECT 1")
		}
		after := scrape()
		for _, c := range counters {
			was, ok := before.value(c[0], c[1:]...)
			is, still := after.value(c[0], c[1:]...)
			if !ok || !still || is-was < statements || is-was > 2*statements {
				t.Errorf("%q: %v, then %v, want %d more", c, was, is, statements)
			}
		}
	})
}

// TestDeadlocksAndHistory makes a deadlock and changes that cannot be purged.
func TestDeadlocksAndHistory(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, connect(t, server, status()), status())
		schema := server.Schema(t)
		server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, n INT) ENGINE=InnoDB", "INSERT INTO "+schema+".t VALUES (1, 0), (2, 0)")
		before, known := scrape().value("dbsync_mysql_deadlocks_total")
		if !known {
			t.Fatal("deadlocks are unknown")
		}
		deadlock(t, server, schema+".t")
		scrape().want(t, before+1, "dbsync_mysql_deadlocks_total")

		snapshot, err := server.Open().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer snapshot.Close()
		if _, err := snapshot.ExecContext(t.Context(), "START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
			t.Fatal(err)
		}
		const changes = 30
		for range changes {
			server.Exec(t, "UPDATE "+schema+".t SET n = n + 1")
		}
		if length, _ := scrape().value("dbsync_mysql_history_list_length"); length < changes {
			t.Errorf("history list %v, want at least %d", length, changes)
		}
	})
}

// deadlock lets two transactions wait for each other's row.
func deadlock(t *testing.T, server *testenv.Server, table string) {
	t.Helper()
	increment := func(tx *sql.Tx, id int) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE "+table+" SET n = n + 1 WHERE id = ?", id)
		return err
	}
	first, second := begin(t, server), begin(t, server)
	if err := errors.Join(increment(first, 1), increment(second, 2)); err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 2)
	for tx, id := range map[*sql.Tx]int{first: 2, second: 1} {
		go func() { results <- errors.Join(increment(tx, id), tx.Rollback()) }()
	}
	err := errors.Join(<-results, <-results)
	var answer *mysql.MySQLError
	if !errors.As(err, &answer) || answer.Number != 1213 {
		t.Fatalf("want a deadlock: %v", err)
	}
}

func begin(t *testing.T, server *testenv.Server) *sql.Tx {
	t.Helper()
	tx, err := server.Open().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// BenchmarkScrapeOfStatus measures a scrape of what every installation reads each
// time, the server's work included.
func BenchmarkScrapeOfStatus(b *testing.B) {
	for name, server := range map[string]func(testing.TB, ...testenv.Option) *testenv.Server{
		"mariadb": testenv.SharedMariaDB, "mysql": testenv.SharedMySQL,
	} {
		b.Run(name, func(b *testing.B) {
			scrape := newScraper(b, connect(b, server(b), connection(), status()), connection(), status())
			scrape().mustSucceed(b)
			b.ReportAllocs()
			for b.Loop() {
				scrape()
			}
		})
	}
}

// BenchmarkStatusRows measures our own part of it, per row of the server's answer.
func BenchmarkStatusRows(b *testing.B) {
	var pairs []string
	for _, v := range statusVariables {
		pairs = append(pairs, strings.ToUpper(v.name[:1])+v.name[1:], "123456")
	}
	server := newFake(b, collector.MariaDB, "10.11.19", listing(statusStatement, pairs...))
	scrape := newScraper(b, server, status())
	b.ReportAllocs()
	for b.Loop() {
		scrape()
	}
}
