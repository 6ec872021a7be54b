// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestStatementsOfASchemaAreCounted(t *testing.T) {
	withPerformanceSchema(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, "CREATE TABLE "+schema+".t (v INT)", "INSERT INTO "+schema+".t VALUES (1)"+strings.Repeat(", (1)", 99))
		scrape := newScraper(t, record(t, server, statements()), statements())
		before := scrape()
		before.wantNone(t, "dbsync_mysql_statements_total", "schema", schema) // CREATE DATABASE ran outside of it

		s, began := newSession(t, server, schema), time.Now() // which runs a statement of its own
		s.exec("DO SLEEP(0.02)", "DO SLEEP(0.01)")
		for range 4 {
			s.exec("SELECT * FROM t WHERE v > 0")
		}
		if _, err := s.conn.ExecContext(t.Context(), "SELECT * FROM nothing"); err == nil {
			t.Fatal("there is a table called nothing")
		}
		elapsed := time.Since(began).Seconds()
		got := until(t, scrape, "the statements are counted", has(8, "dbsync_mysql_statements_total", "schema", schema))
		lint(t, got)
		got.want(t, 1, "dbsync_mysql_statement_errors_total", "schema", schema)
		// MySQL calls the one row of a SELECT without a table examined, too.
		if examined, _ := got.value("dbsync_mysql_statement_rows_examined_total", "schema", schema); examined < 400 || examined >= 410 {
			t.Errorf("%v rows examined by four readings of 100", examined)
		}
		// One after the other they took as long as the test did, by another clock, and no less than the sleeps.
		seconds, _ := got.value("dbsync_mysql_statement_seconds_total", "schema", schema)
		slowest, _ := got.value("dbsync_mysql_statement_max_seconds", "schema", schema)
		if seconds < 0.03 || seconds > 2*elapsed || slowest < 0.02 || slowest > seconds {
			t.Errorf("%v s in all, %v s the slowest; the test took %v s", seconds, slowest, elapsed)
		}
		got.want(t, 0, "dbsync_mysql_statement_digest_lost_total")
	})
}

func TestStatementsWithoutASchemaHaveAnEmptyLabel(t *testing.T) {
	withPerformanceSchema(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, record(t, server, statements()), statements())
		before, _ := scrape().value("dbsync_mysql_statements_total", "schema", "")
		s := newSession(t, server, "")
		for range 20 {
			s.exec("DO 1")
		}
		until(t, scrape, "the statements are counted", func(f families) error {
			if now, ok := f.value("dbsync_mysql_statements_total", "schema", ""); !ok || now < before+20 {
				return fmt.Errorf("%v after %v", now, before)
			}
			return nil
		})
	})
}

func TestStatementsBeyondTheDigestTableAreNotLost(t *testing.T) {
	const size, more = 200, 150
	test := func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		scrape := newScraper(t, record(t, server, statements()), statements())
		before, began := scrape(), time.Now()
		s := newSession(t, server, schema)
		for i := range size + more {
			s.exec(fmt.Sprintf("DO (SELECT 1 AS c%d)", i))
		}
		got := until(t, scrape, "the table is full", func(f families) error {
			if lost, ok := f.value("dbsync_mysql_statement_digest_lost_total"); !ok || lost < more {
				return fmt.Errorf("lost %v", lost)
			}
			return nil
		})
		placed, _ := got.value("dbsync_mysql_statements_total", "schema", schema)
		if placed == 0 || placed > size {
			t.Errorf("%v statements in the schema, with room for %d", placed, size)
		}
		if grown := total(got, "dbsync_mysql_statements_total") - total(before, "dbsync_mysql_statements_total"); grown < size+more {
			t.Errorf("%v of %d statements counted in all", grown, size+more)
		}
		if seconds, _ := got.value("dbsync_mysql_statement_seconds_total", "schema", schema); seconds > 2*time.Since(began).Seconds() {
			t.Errorf("%v seconds", seconds)
		}
	}
	flags := testenv.WithFlags("--performance-schema=ON", fmt.Sprint("--performance-schema-digests-size=", size))
	testenv.EachServer(t, test, flags)
}

// total adds up the series of a family.
func total(f families, name string) (sum float64) {
	for _, m := range f[name].GetMetric() {
		sum += number(m)
	}
	return sum
}

func TestStatementsNeedDigests(t *testing.T) {
	withPerformanceSchema(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, record(t, server, statements()), statements())
		const consumer = "UPDATE performance_schema.setup_consumers SET ENABLED = '%s' WHERE NAME = 'statements_digest'"
		server.Exec(t, fmt.Sprintf(consumer, "NO"))
		t.Cleanup(func() { server.Exec(t, fmt.Sprintf(consumer, "YES")) })
		server.Exec(t, "TRUNCATE "+digestTable)
		if reason := scrape().skipped("mysql.statements"); reason != collector.Unconfigured {
			t.Errorf("skipped for %q", reason)
		}
	})
}

func TestStatementsWithoutPerformanceSchema(t *testing.T) {
	off := func(t *testing.T, server *testenv.Server) {
		connection := record(t, server, statements(), statementHistogram(), errorLog())
		got := newScraper(t, connection, statements(), statementHistogram(), errorLog())()
		for _, name := range []string{"mysql.statements", "mysql.statement_histogram", "mysql.error_log"} {
			want := collector.Unconfigured
			if name == "mysql.error_log" && flavour(server) == collector.MariaDB {
				want = collector.Unsupported
			}
			if reason := got.skipped(name); reason != want {
				t.Errorf("%s skipped for %q", name, reason)
			}
		}
	}
	t.Run("mariadb", func(t *testing.T) { off(t, testenv.SharedMariaDB(t)) })
	t.Run("mysql", func(t *testing.T) { off(t, mysqlWithoutPerformanceSchema(t)) })
}

func mysqlWithoutPerformanceSchema(t *testing.T) *testenv.Server {
	t.Helper()
	return testenv.SharedMySQL(t, testenv.WithFlags("--performance-schema=OFF"))
}

// TestStatementsEqualMysqldExporter asks mysqld_exporter between two of our own
// collections.
func TestStatementsEqualMysqldExporter(t *testing.T) {
	withPerformanceSchema(t, func(t *testing.T, server *testenv.Server) {
		if _, err := server.Open().ExecContext(t.Context(), "SELECT * FROM mysql.nothing"); err == nil {
			t.Fatal("there is a table called nothing")
		}
		scrape := newScraper(t, record(t, server, statements()), statements())
		before := scrape()
		theirs := scrapeMysqldExporter(t, server, "perf_schema.eventsstatementssum")
		after := scrape()
		for ours, name := range map[string]string{
			"dbsync_mysql_statements_total":              "mysql_perf_schema_events_statements_sum_total",
			"dbsync_mysql_statement_seconds_total":       "mysql_perf_schema_events_statements_sum_timer_wait",
			"dbsync_mysql_statement_errors_total":        "mysql_perf_schema_events_statements_sum_errors",
			"dbsync_mysql_statement_rows_examined_total": "mysql_perf_schema_events_statements_sum_rows_examined",
		} {
			value, ok := theirs.value(name)
			if !ok {
				t.Errorf("mysqld_exporter has no %s, it has %v", name, theirs.names("mysql_perf"))
			}
			low, high := total(before, ours), total(after, ours)
			const rounding = 1e-9
			if value < low-rounding || value > high+rounding || high == 0 {
				t.Errorf("%s is %v, then %v; mysqld_exporter says %v", ours, low, high, value)
			}
		}
	})
}

// BenchmarkStatements reads a digest table with ten thousand rows.
func BenchmarkStatements(b *testing.B) {
	const digests = 10000
	for _, start := range []func(testing.TB, ...testenv.Option) *testenv.Server{testenv.MariaDB, testenv.MySQL} {
		server := start(b, testenv.WithFlags("--performance-schema=ON", fmt.Sprint("--performance-schema-digests-size=", digests)))
		b.Run(string(server.Kind()), func(b *testing.B) {
			const schemas = 20
			for range schemas {
				s := newSession(b, server, server.Schema(b))
				for i := range digests/schemas + 1 {
					s.exec(fmt.Sprintf("DO (SELECT 1 AS c%d)", i))
				}
			}
			rows := testenv.Value[int](b, server, "SELECT COUNT(*) FROM "+digestTable)
			scrape := newScraper(b, connect(b, server, statements()), statements())
			for b.Loop() {
				scrape().mustSucceed(b)
			}
			b.ReportMetric(float64(rows), "digests")
		})
	}
}
