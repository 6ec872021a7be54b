// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"database/sql/driver"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

const duration = "dbsync_mysql_statement_duration_seconds"

func histogramOf(t testing.TB, f families, name string) *dto.Histogram {
	t.Helper()
	if len(f[name].GetMetric()) != 1 || f[name].GetMetric()[0].Histogram == nil {
		t.Fatalf("no histogram %s", name)
	}
	return f[name].GetMetric()[0].Histogram
}

// above counts the observations above a bound.
func above(h *dto.Histogram, bound float64) uint64 {
	for _, b := range h.Bucket {
		if b.GetUpperBound() == bound {
			return h.GetSampleCount() - b.GetCumulativeCount()
		}
	}
	return 0
}

func TestHistogramCountsByDuration(t *testing.T) {
	t.Run("mariadb", func(t *testing.T) { testHistogram(t, withResponseTimes(t), 0.1) })
	t.Run("mysql", func(t *testing.T) { testHistogram(t, testenv.SharedMySQL(t), 0.252) })
}

func testHistogram(t *testing.T, server *testenv.Server, bound float64) {
	t.Helper()
	scrape := newScraper(t, record(t, server, statementHistogram()), statementHistogram())
	first := scrape()
	first.mustSucceed(t)
	lint(t, first)
	before := histogramOf(t, first, duration)
	newSession(t, server, "").exec("DO SLEEP(0.3)", "DO SLEEP(0.35)")
	got := until(t, scrape, "both are counted", func(f families) error {
		if n := above(histogramOf(t, f, duration), bound) - above(before, bound); n < 2 {
			return fmt.Errorf("%d statements of more than %v s", n, bound)
		}
		return nil
	})
	after := histogramOf(t, got, duration)
	grown := after.GetSampleSum() - before.GetSampleSum()
	if n := after.GetSampleCount() - before.GetSampleCount(); n < 2 || grown < 0.65 || grown > 60 {
		t.Errorf("%d statements of %v s in all", n, grown)
	}
	wellFormed(t, after)
}

func wellFormed(t testing.TB, h *dto.Histogram) {
	t.Helper()
	if n := len(h.Bucket); n < 10 || n > 25 {
		t.Errorf("%d buckets", n)
	}
	last, count := 0.0, uint64(0)
	for _, b := range h.Bucket {
		le := b.GetUpperBound()
		if le <= last || le == math.Trunc(le) {
			t.Errorf("bound %v after %v", le, last)
		}
		if b.GetCumulativeCount() < count || b.GetCumulativeCount() > h.GetSampleCount() {
			t.Errorf("bound %v: %d after %d, of %d in all", le, b.GetCumulativeCount(), count, h.GetSampleCount())
		}
		last, count = le, b.GetCumulativeCount()
	}
}

// TestHistogramBoundsAreTheServers compares with the buckets that the server has.
func TestHistogramBoundsAreTheServers(t *testing.T) {
	server := testenv.SharedMySQL(t)
	for _, bound := range histogramBounds() {
		own := testenv.Value[float64](t, server, "SELECT MAX(BUCKET_TIMER_HIGH) / 1e12 FROM "+histogramTable+
			" WHERE BUCKET_TIMER_HIGH / 1e12 <= ?", bound)
		if own < bound*0.995 {
			t.Errorf("bound %v: the server's next lower one is %v", bound, own)
		}
	}
}

// withResponseTimes returns a MariaDB with the plugin.
func withResponseTimes(t *testing.T) *testenv.Server {
	t.Helper()
	const file = "query_response_time.so"
	for _, dir := range []string{
		filepath.Join(sandbox.RootDir(sandbox.Tools), "usr/lib/mysql/plugin"),
		testenv.Value[string](t, testenv.SharedMariaDB(t), "SELECT @@plugin_dir"),
	} {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return testenv.SharedMariaDB(t, testenv.WithFlags("--plugin-dir="+dir, "--plugin-load-add="+file, "--query-response-time-stats=ON"))
		}
	}
	testenv.Require(t, sandbox.Program{}, &sandbox.MissingError{Program: file, Edition: sandbox.Tools})
	return nil
}

func TestHistogramOfMariaDBNeedsItsPlugin(t *testing.T) {
	unconfigured := func(t *testing.T, server *testenv.Server) {
		got := newScraper(t, record(t, server, statementHistogram()), statementHistogram())()
		if reason := got.skipped("mysql.statement_histogram"); reason != collector.Unconfigured {
			t.Errorf("skipped for %q", reason)
		}
	}
	t.Run("not loaded", func(t *testing.T) { unconfigured(t, testenv.SharedMariaDB(t)) })
	t.Run("switched off", func(t *testing.T) {
		server := withResponseTimes(t)
		server.Exec(t, "SET GLOBAL query_response_time_stats = OFF")
		t.Cleanup(func() { server.Exec(t, "SET GLOBAL query_response_time_stats = ON") })
		unconfigured(t, server)
	})
}

func TestHistogramEqualsMysqldExporter(t *testing.T) {
	server := withResponseTimes(t)
	scrape := newScraper(t, record(t, server, statementHistogram()), statementHistogram())
	before := histogramOf(t, scrape(), duration)
	theirs := histogramOf(t, scrapeMysqldExporter(t, server, "info_schema.query_response_time"),
		"mysql_info_schema_query_response_time_seconds")
	after := histogramOf(t, scrape(), duration)
	for i, b := range after.Bucket {
		their := theirs.Bucket[i]
		if math.Abs(b.GetUpperBound()-their.GetUpperBound()) > 1.1e-6 {
			t.Errorf("bound %v, mysqld_exporter has %v", b.GetUpperBound(), their.GetUpperBound())
		}
		if n := their.GetCumulativeCount(); n < before.Bucket[i].GetCumulativeCount() || n > b.GetCumulativeCount() {
			t.Errorf("bound %v: %d, then %d; mysqld_exporter says %d", b.GetUpperBound(), before.Bucket[i].GetCumulativeCount(),
				b.GetCumulativeCount(), n)
		}
	}
	if sum := theirs.GetSampleSum(); sum < before.GetSampleSum() || sum > after.GetSampleSum() {
		t.Errorf("sum %v, then %v; mysqld_exporter says %v", before.GetSampleSum(), after.GetSampleSum(), sum)
	}
}

// TestHistogramOfMySQLTakesAnyBuckets reads buckets that none of ours is made of.
func TestHistogramOfMySQLTakesAnyBuckets(t *testing.T) {
	server := newFake(t, collector.MySQL, "9.7.0", answer{
		prefix: "SELECT BUCKET_TIMER_HIGH", columns: []string{"high", "count", "sum"},
		rows: [][]driver.Value{{"0.00009", "1", "7.5"}, {"0.0001", "2", "7.5"}, {"0.3", "4", "7.5"}, {"18446744.073709551615", "8", "7.5"}},
	})
	h := histogramOf(t, scrapeOver(t, server, statementHistogram()), duration)
	want := map[float64]uint64{0.0001: 3, 0.000252: 3, 0.252: 3, 0.502: 7, 104.8: 7}
	for _, b := range h.Bucket {
		if n, ok := want[b.GetUpperBound()]; ok && n != b.GetCumulativeCount() {
			t.Errorf("bound %v: %d, want %d", b.GetUpperBound(), b.GetCumulativeCount(), n)
		}
	}
	if h.GetSampleCount() != 15 || h.GetSampleSum() != 7.5 {
		t.Errorf("%d statements of %v s", h.GetSampleCount(), h.GetSampleSum())
	}
}

func TestHistogramOfMariaDBCountsWhatHasNoBound(t *testing.T) {
	server := newFake(t, collector.MariaDB, "10.11.1",
		answer{prefix: "SHOW GLOBAL VARIABLES", columns: []string{"n", "v"}, rows: [][]driver.Value{{"query_response_time_stats", "ON"}}},
		answer{prefix: "SELECT TIME", columns: []string{"TIME", "COUNT", "TOTAL"}, rows: [][]driver.Value{
			{"       0.500000", "3", "       1.000000"}, {"       1.000000", "2", "       1.500000"}, {"TOO LONG", "1", "TOO LONG"},
		}})
	h := histogramOf(t, scrapeOver(t, server, statementHistogram()), duration)
	if above(h, 0.5) != 3 || above(h, 1.000001) != 1 || h.GetSampleCount() != 6 || h.GetSampleSum() != 2.5 {
		t.Errorf("%v", h)
	}
}
