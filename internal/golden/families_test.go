// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/testenv"
)

var update = flag.Bool("update", false, "record what the servers at hand give")

// TestFamilies compares what the exporter gives of each server, by name, type,
// label names and help, with what was recorded for its version.
func TestFamilies(t *testing.T) {
	for name, server := range map[string]func(*testing.T) *testenv.Server{
		"mariadb": func(t *testing.T) *testenv.Server { return testenv.SharedMariaDB(t) },
		"mariadb with performance_schema": func(t *testing.T) *testenv.Server {
			return testenv.SharedMariaDB(t, testenv.WithFlags("--performance-schema=ON"))
		},
		"mysql": func(t *testing.T) *testenv.Server { return testenv.SharedMySQL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			server := server(t)
			company(t, server)
			busy(t, server)
			r := start(t, server, documented(t, server), "collectors: {host: false}\n"+backups(t), aRun())
			testenv.Eventually(t, 20*time.Second, "both backups are known", func() error {
				if n := len(r.mustScrape(10 * time.Second)["dbsync_backup_last_success_timestamp_seconds"].GetMetric()); n != 2 {
					return fmt.Errorf("%d successes", n)
				}
				return nil
			})
			f := r.mustScrape(10 * time.Second)
			compare(t, goldenFile(t, server), describe(f))
			lint(t, f)
			declared(t, f)
		})
	}
}

// backups configures one that is files, and makes it, and one that is runs.
func backups(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.sql"), "-- MariaDB dump 10.19\n"+strings.Repeat("CREATE TABLE a (b INT);\n", 100)+"-- Dump completed on 2026-11-24  2:07:30\n")
	return fmt.Sprintf(`
backups:
  - {name: dumps, method: mysqldump, path: %q, expected_interval: 24h, min_size: 1kB}
  - {name: nightly, method: job, run_type: sync, task: crm, expected_interval: 24h, min_size: 1kB}
`, filepath.Join(dir, "*.sql"))
}

// busy keeps a transaction open and a statement running, without which some
// families have nothing to tell.
func busy(t *testing.T, server *testenv.Server) {
	t.Helper()
	conn, err := server.Open().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"BEGIN", "SELECT COUNT(*) FROM " + erp.Schema + ".customers FOR UPDATE"} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan struct{})
	go func() {
		_, _ = conn.ExecContext(context.Background(), "SELECT SLEEP(600)")
		close(ended)
	}()
	t.Cleanup(func() {
		server.Exec(t, fmt.Sprint("KILL ", id))
		<-ended
		_ = conn.Close()
	})
}

// aRun has all that a run can have.
func aRun() job.Run {
	now, code, size := time.Now(), 0, int64(4096)
	return job.Run{
		ID: "1", RunType: "sync", Task: "crm", Status: job.Success, Start: now.Add(-time.Minute), End: now, ExitCode: &code,
		SizeBytes: &size, ExpectedIntervalSeconds: 3600, Values: map[string]float64{"rows": 1},
	}
}

// goldenFile names the file of the server's version: mysql-9.7, and a word for
// what is not the default of the flavour.
func goldenFile(t *testing.T, server *testenv.Server) string {
	t.Helper()
	version, err := collector.ParseVersion(server.Version())
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s-%d.%d", flavour(server), version.Major, version.Minor)
	if testenv.Value[bool](t, server, "SELECT @@performance_schema") && flavour(server) == collector.MariaDB {
		name += "-performance_schema"
	}
	return filepath.Join("testdata", name+".golden")
}

// describe lists the outcome of each collector and the families, in the order of
// their names.
func describe(f families) string {
	var b strings.Builder
	for _, name := range collectorNames(f) {
		fmt.Fprintf(&b, "collector %s: %s\n", name, outcome(f, name))
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !ofEveryProgram(name) {
			fmt.Fprintf(&b, "%s %s {%s} %s\n", name, strings.ToLower(f[name].GetType().String()), strings.Join(labelNames(f[name]), ","), f[name].GetHelp())
		}
	}
	return b.String()
}

func collectorNames(f families) []string {
	var names []string
	for _, m := range slices.Concat(f["dbsync_collector_success"].GetMetric(), f["dbsync_collector_skipped"].GetMetric()) {
		names = append(names, label(m, "collector"))
	}
	slices.Sort(names)
	return names
}

// ofEveryProgram tells the families of the Go runtime and of the HTTP server.
func ofEveryProgram(name string) bool {
	for _, prefix := range []string{"go_", "process_", "promhttp_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// labelNames returns the names that the series of a family have, which must be the
// same for all of them.
func labelNames(f *dto.MetricFamily) []string {
	var names []string
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			names = append(names, l.GetName())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is no %s: this version of the server was not seen before. Look whether what it gives is right, then record it:\n"+
			"go test ./internal/golden -run TestFamilies -update\n%s", path, got)
	}
	if err != nil {
		t.Fatal(err)
	}
	have, wanted := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for _, line := range wanted {
		if !slices.Contains(have, line) {
			t.Errorf("gone: %s", line)
		}
	}
	for _, line := range have {
		if !slices.Contains(wanted, line) {
			t.Errorf("new: %s", line)
		}
	}
	if t.Failed() {
		t.Logf("when that is right: go test ./internal/golden -run TestFamilies -update")
	}
}

// lint holds our own names to promlint's rules; names taken over from another
// exporter keep that exporter's form.
func lint(t *testing.T, f families) {
	t.Helper()
	var own []*dto.MetricFamily
	for name, one := range f {
		if strings.HasPrefix(name, "dbsync_") {
			own = append(own, one)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(own).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// declared fails on a family that no declaration has: it would be missing in the
// documentation.
func declared(t *testing.T, f families) {
	t.Helper()
	known, open := map[string]bool{}, []string{}
	own, err := exporter.SelfFamilies()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range own {
		known[o.Name] = true
	}
	all := collector.SelfFamilies()
	for _, d := range exporter.Definitions() {
		all = append(all, d.Families...)
	}
	for _, one := range all {
		known[one.Name] = true
		if one.Open {
			open = append(open, one.Name)
		}
	}
	for name := range f {
		isOpen := slices.ContainsFunc(open, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if !known[name] && !isOpen && !ofEveryProgram(name) {
			t.Errorf("%s is declared nowhere", name)
		}
	}
}
