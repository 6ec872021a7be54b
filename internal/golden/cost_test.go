// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestDocumentedAccountSuffices: with what docs/grants.md gives and everything on
// that is on by default, no collector fails, and none is skipped for a privilege.
func TestDocumentedAccountSuffices(t *testing.T) {
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		f := start(t, server, documented(t, server), "").mustScrape(10 * time.Second)
		names := collectorNames(f)
		if len(names) < 15 {
			t.Errorf("only %v", names)
		}
		for _, name := range names {
			if got := outcome(f, name); got != "ok" && got != "skipped: unconfigured" && got != "skipped: unsupported" {
				t.Errorf("%s: %s", name, got)
			}
		}
		for _, m := range f["dbsync_source_success"].GetMetric() {
			if m.GetGauge().GetValue() != 1 {
				t.Errorf("source %s of %s failed", label(m, "source"), label(m, "collector"))
			}
		}
		for _, name := range []string{"dbsync_series_dropped", "dbsync_duplicate_series_dropped", "dbsync_collector_panics_total"} {
			for _, m := range f[name].GetMetric() {
				if value, _ := f.value(name, "collector", label(m, "collector")); value != 0 {
					t.Errorf("%s of %s: %v", name, label(m, "collector"), value)
				}
			}
		}
	})
}

// TestScrapesCostTheServerLittle: 200 scrapes make no statement that fails, work
// over the connections that are open, and leave nothing behind in this process.
func TestScrapesCostTheServerLittle(t *testing.T) {
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		a := documented(t, server)
		r := start(t, server, a, "")
		for range 20 {
			r.mustScrape(10 * time.Second)
		}
		goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
		connections := testenv.Value[int](t, server, totalConnections, a.name)
		for range 200 {
			f := r.mustScrape(10 * time.Second)
			if up, _ := f.value("mysql_up"); up != 1 {
				t.Fatalf("mysql_up %v", up)
			}
		}
		if now := testenv.Value[int](t, server, totalConnections, a.name); now > connections+reserves {
			t.Errorf("%d new connections", now-connections)
		}
		if most := testenv.Value[int](t, server, openConnections, a.name); most > 3 {
			t.Errorf("%d connections are open, want 2 and the reserve at most", most)
		}
		if failed := testenv.Value[int](t, server, failedStatements, a.name); failed != 0 {
			t.Errorf("%d statements failed", failed)
		}
		testenv.Eventually(t, 10*time.Second, "goroutines and descriptors are as before", func() error {
			if g, d := runtime.NumGoroutine(), openFiles(t); g > goroutines+3 || d > descriptors+3 {
				return fmt.Errorf("goroutines %d, then %d; descriptors %d, then %d", goroutines, g, descriptors, d)
			}
			return nil
		})
	})
}

const (
	// reserves is how often the connection in reserve may be opened meanwhile: it is
	// closed when it was not needed for a minute.
	reserves         = 3
	totalConnections = "SELECT COALESCE(SUM(total_connections), 0) FROM performance_schema.accounts WHERE user = ?"
	openConnections  = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?"
	failedStatements = "SELECT COALESCE(SUM(sum_errors), 0) FROM performance_schema.events_statements_summary_by_account_by_event_name WHERE user = ?"
)

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip("this system does not list open files")
	}
	return len(files)
}

// TestOverlappingScrapes: the account may have three connections, and every one of
// 50 scrapes at once finds the server up.
func TestOverlappingScrapes(t *testing.T) {
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		r := start(t, server, documented(t, server), "collectors: {host: false}\n")
		for range 3 {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					f, _, err := r.scrape("/metrics", 20*time.Second)
					if err != nil {
						t.Error(err)
						return
					}
					if up, _ := f.value("mysql_up"); up != 1 {
						t.Errorf("mysql_up %v", up)
					}
					for _, name := range collectorNames(f) {
						if outcome(f, name) == "failed" {
							t.Errorf("%s failed", name)
						}
					}
				})
			}
			wg.Wait()
		}
	})
}
