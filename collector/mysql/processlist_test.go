// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// worker runs statements in a session of an account of its own, of which the last
// goes on until the returned function is called.
func worker(t *testing.T, server *testenv.Server, name string, statements ...string) (end func()) {
	t.Helper()
	account := server.Grant(t, name, "GRANT ALL ON *.* TO {user}")
	conn, err := server.OpenAs(t, account).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last := len(statements) - 1
	for _, s := range statements[:last] {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = conn.ExecContext(ctx, statements[last]) // it is interrupted
	}()
	end = func() {
		cancel()
		<-ended
		_ = conn.Close()
		// The server finds out later that its client has gone.
		kill := fmt.Sprintf("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '%s'", name)
		rows, err := server.Open().Query(kill)
		if err != nil {
			t.Error(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				t.Error(err)
			}
			_, _ = server.Open().Exec(fmt.Sprintf("KILL %d", id)) // unless it has ended meanwhile
		}
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return end
}

func TestProcesslist(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, connect(t, server, processlist()), processlist())
		before := testenv.Value[float64](t, server, "SELECT UNIX_TIMESTAMP(NOW(6))")
		// A replayed binlog tells the server the time of each statement.
		end := worker(t, server, "replayer", "SET TIMESTAMP = 1577836800", "SELECT SLEEP(600)")
		var got families
		testenv.Eventually(t, patience, "the statement shows", func() error {
			got = scrape()
			got.mustSucceed(t)
			if n, _ := got.value("mysql_info_schema_processlist_threads", "command", "query", "state", "user_sleep"); n != 1 {
				return fmt.Errorf("%v threads sleep", n)
			}
			return nil
		})
		got.want(t, 1, "mysql_info_schema_processlist_processes_by_user", "mysql_user", "replayer")
		after := testenv.Value[float64](t, server, "SELECT UNIX_TIMESTAMP(NOW(6))")
		if began, ok := got.value("dbsync_mysql_oldest_query_start_timestamp_seconds"); !ok || began < before-0.1 || began > after {
			t.Errorf("the oldest statement began at %f (known %t), want one between %f and %f", began, ok, before, after)
		}
		lint(t, got)
		for _, f := range got {
			if strings.Contains(f.String(), "600") {
				t.Errorf("%s has the statement's text", f.GetName())
			}
		}

		end()
		testenv.Eventually(t, patience, "no statement shows", func() error {
			got = scrape()
			if began, ok := got.value("dbsync_mysql_oldest_query_start_timestamp_seconds"); ok {
				return fmt.Errorf("the oldest statement began at %f", began)
			}
			return nil
		})
	})
}

// A prepared statement has another command, and an idle session none.
func TestProcesslistOldestIsTheOldest(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, connect(t, server, processlist()), processlist())
		_ = worker(t, server, "elder", "PREPARE s FROM 'SELECT SLEEP(600)'", "EXECUTE s")
		var first float64
		testenv.Eventually(t, patience, "the older statement shows", func() error {
			var ok bool
			if first, ok = scrape().value("dbsync_mysql_oldest_query_start_timestamp_seconds"); !ok {
				return errors.New("none runs")
			}
			return nil
		})
		_ = worker(t, server, "younger", "SELECT SLEEP(600)")
		testenv.Eventually(t, patience, "both show", func() error {
			got := scrape()
			if n, _ := got.value("mysql_info_schema_processlist_threads", "state", "user_sleep"); n != 2 {
				return fmt.Errorf("%v threads sleep", n)
			}
			if began, _ := got.value("dbsync_mysql_oldest_query_start_timestamp_seconds"); began > first+0.1 {
				t.Errorf("the oldest statement began at %f, was %f before", began, first)
			}
			return nil
		})
	})
}

// What mysqld_exporter measures, it measures alike. Sleeping sessions differ: each
// sees the other's.
func TestProcesslistEqualsMysqldExporter(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, "CREATE TABLE "+schema+".t (id INT)")
		_ = worker(t, server, "locker", "LOCK TABLES "+schema+".t WRITE", "SELECT SLEEP(600)")
		_ = worker(t, server, "blocked", "SELECT * FROM "+schema+".t")
		scrape := newScraper(t, connect(t, server, processlist()), processlist())
		testenv.Eventually(t, patience, "a lock is waited for", func() error {
			if _, ok := scrape().value("mysql_info_schema_processlist_threads", "state", "waiting_for_table_metadata_lock"); !ok {
				return errors.New("it is not")
			}
			return nil
		})
		theirs, ours := scrapeMysqldExporter(t, server, "info_schema.processlist"), scrape()
		const threads, users = "mysql_info_schema_processlist_threads", "mysql_info_schema_processlist_processes_by_user"
		compare := func(name, label string, left func(string) bool) {
			for _, m := range theirs[name].GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == label && left(l.GetValue()) {
						ours.want(t, number(m), name, labelsOf(m)...)
					}
				}
			}
		}
		compare(threads, "command", func(command string) bool { return command != "sleep" })
		compare(users, "mysql_user", func(user string) bool { return !strings.HasPrefix(user, "dbsync") && user != "root" })
		ours.want(t, 1, threads, "command", "query", "state", "waiting_for_table_metadata_lock")
		if ours[threads].GetType() != theirs[threads].GetType() {
			t.Errorf("%s is a %v, mysqld_exporter's a %v", threads, ours[threads].GetType(), theirs[threads].GetType())
		}
	})
}

// labelsOf returns names and values as families.want takes them.
func labelsOf(m *dto.Metric) []string {
	var all []string
	for _, l := range m.GetLabel() {
		all = append(all, l.GetName(), l.GetValue())
	}
	return all
}

func TestProcesslistStatements(t *testing.T) {
	const table, threads = "information_schema.PROCESSLIST", "performance_schema.threads"
	for _, c := range []struct {
		facts collector.Facts
		from  string
	}{
		{collector.Facts{Flavour: collector.MySQL, Version: collector.Version{Major: 5, Minor: 7}, PerformanceSchema: true}, table},
		{collector.Facts{Flavour: collector.MySQL, Version: collector.Version{Major: 8}, PerformanceSchema: true}, threads},
		{collector.Facts{Flavour: collector.Percona, Version: collector.Version{Major: 8, Minor: 4}, PerformanceSchema: true}, threads},
		{collector.Facts{Flavour: collector.MySQL, Version: collector.Version{Major: 9, Minor: 7}}, table},
		{collector.Facts{Flavour: collector.MariaDB, Version: collector.Version{Major: 11}, PerformanceSchema: true}, table},
	} {
		if s := processlistStatement(c.facts); !strings.Contains(s, "FROM "+c.from) {
			t.Errorf("%+v: %s, want it from %s", c.facts, s, c.from)
		}
	}
}

func TestProcesslistWords(t *testing.T) {
	for text, want := range map[string]string{
		"":      "unknown",
		"Query": "query",
		"Slave has read all relay log; waiting for more updates": "slave_has_read_all_relay_log_waiting_for_more_updates",
		"Waiting for semi-sync ACK from slave":                   "waiting_for_semi_sync_ack_from_slave",
		// A name for each table, row or transaction would be a series for each.
		"Write_rows_log_event::write_row(17) on table `orders`": "write_rows_log_eventwrite_row",
		"committed 123456":              "committed",
		"altering table `erp`.`orders`": "altering_table",
	} {
		if got := word(text); got != want {
			t.Errorf("word(%q) = %q, want %q", text, got, want)
		}
	}
}

// sessionsColumns are those of every statement.
var sessionsColumns = []string{"user", "command", "state", "count", "began"}

func TestProcesslistKeepsTheLargest(t *testing.T) {
	var rows [][]driver.Value
	for i := range int64(300) {
		rows = append(rows, []driver.Value{fmt.Sprintf("user%d", i), "Query", "Sending data", i + 1, float64(1000 + i)})
	}
	server := newFake(t, collector.MariaDB, "10.11.6", answer{prefix: "SELECT USER", columns: sessionsColumns, rows: rows})
	got := scrapeOver(t, server, processlist())
	const name = "mysql_info_schema_processlist_processes_by_user"
	if n := len(got[name].GetMetric()); n != maxProcesslistSeries {
		t.Errorf("%d series of users, want %d", n, maxProcesslistSeries)
	}
	got.want(t, 300, name, "mysql_user", "user299")
	got.wantNone(t, name, "mysql_user", "user0")
	got.want(t, 200, "dbsync_series_dropped", "collector", "mysql.processlist")
	got.want(t, 300*301/2, "mysql_info_schema_processlist_threads", "command", "query", "state", "sending_data")
	got.want(t, 1000, "dbsync_mysql_oldest_query_start_timestamp_seconds")
}

// Threads of the server work for nobody who waits.
func TestProcesslistIgnoresTheServersOwn(t *testing.T) {
	server := newFake(t, collector.MariaDB, "10.11.6", answer{prefix: "SELECT USER", columns: sessionsColumns, rows: [][]driver.Value{
		{"system user", "Query", "Waiting", int64(4), 10.0},
		{"event_scheduler", "Query", "Waiting", int64(1), 20.0},
		{"copier", "Binlog Dump", "Waiting", int64(1), 30.0},
		{"erp", "Sleep", "", int64(9), 40.0},
		{"erp", "Execute", "Sending data", int64(1), float64(time.Now().Unix())},
		{"erp", "Query", "Init", int64(1), nil},
	}})
	got := scrapeOver(t, server, processlist())
	if began, ok := got.value("dbsync_mysql_oldest_query_start_timestamp_seconds"); !ok || began <= 40 {
		t.Errorf("the oldest statement began at %v (known %t)", began, ok)
	}
	got.want(t, 11, "mysql_info_schema_processlist_processes_by_user", "mysql_user", "erp")
}

func TestProcesslistFailsWhole(t *testing.T) {
	server := newFake(t, collector.MariaDB, "10.11.6", answer{
		prefix: "SELECT USER", columns: sessionsColumns,
		rows: [][]driver.Value{{"erp", "Query", "", int64(1), 1.0}}, err: errors.New("connection lost"),
	})
	got := newScraper(t, server, processlist())()
	got.want(t, 0, "dbsync_collector_success", "collector", "mysql.processlist")
	if names := append(got.names("mysql_"), got.names("dbsync_mysql_")...); len(names) > 0 {
		t.Errorf("published %v", names)
	}
}
