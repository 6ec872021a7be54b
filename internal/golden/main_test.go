// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// eachServer runs a test against every server, MariaDB with the performance_schema
// that it has off by default.
func eachServer(t *testing.T, test func(*testing.T, *testenv.Server)) {
	t.Helper()
	t.Run("mariadb", func(t *testing.T) { test(t, testenv.SharedMariaDB(t, testenv.WithFlags("--performance-schema=ON"))) })
	t.Run("mysql", func(t *testing.T) { test(t, testenv.SharedMySQL(t)) })
}

func flavour(server *testenv.Server) collector.Flavour {
	if server.Kind() == sandbox.MariaDB {
		return collector.MariaDB
	}
	return collector.MySQL
}

// account is the exporter's on a server, made by the statements of docs/grants.md.
type account struct{ name, password string }

// documented makes the account with the documented statements, which must work as
// they are: only the host changes. The one for an application's history is made to
// be the company's.
func documented(t *testing.T, server *testenv.Server) account {
	t.Helper()
	text, err := os.ReadFile("../../docs/grants.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := map[collector.Flavour]string{collector.MySQL: "## MySQL and Percona Server\n", collector.MariaDB: "## MariaDB\n"}[flavour(server)]
	_, section, _ := strings.Cut(string(text), heading)
	_, section, _ = strings.Cut(section, "```sql\n")
	statements, _, found := strings.Cut(section, "```")
	if !found {
		t.Fatalf("docs/grants.md has no statements under %q", heading)
	}
	a := account{name: "dbsync", password: "a password of its own"}
	t.Cleanup(func() { server.Exec(t, "DROP USER IF EXISTS 'dbsync'@'%'") })
	for line := range strings.Lines(statements) {
		line, further := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		line, _, _ = strings.Cut(line, "; --")
		if further && !strings.Contains(line, " ON app.schema_migrations ") || line == "" {
			continue
		}
		line = strings.ReplaceAll(line, "'dbsync'@'localhost'", "'dbsync'@'%'")
		server.Exec(t, strings.TrimSuffix(strings.ReplaceAll(line, " ON app.", " ON "+erp.Schema+"."), ";"))
	}
	return a
}

// company gives the server a schema with a real history of golang-migrate.
func company(t *testing.T, server *testenv.Server) {
	t.Helper()
	dir := t.TempDir()
	if err := erp.WriteMigrations(dir); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "CREATE DATABASE "+erp.Schema)
	t.Cleanup(func() { server.Exec(t, "DROP DATABASE "+erp.Schema) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := (erp.Migrator{Config: server.AdminConfig(), Dir: dir}).Up(ctx); err != nil {
		t.Fatal(err)
	}
}

// running is an exporter in this process.
type running struct {
	t      *testing.T
	url    string
	log    *logBuffer
	client *http.Client

	text    atomic.Value  // of the configuration, a string
	reloads chan struct{} // asks for a reload
}

// start runs the exporter, as it is shipped, against the server until the test
// ends; runs are what jobs have reported, and extra is more of its configuration.
func start(t *testing.T, server *testenv.Server, a account, extra string, runs ...job.Run) *running {
	t.Helper()
	return startAt(t, server.Addr(), fmt.Sprintf("password: %q", a.password), a, extra, runs...)
}

// startAt is start with the address to dial, and how the password is given.
func startAt(t *testing.T, address, secret string, a account, extra string, runs ...job.Run) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{
		t: t, url: "http://" + listener.Addr().String(), log: &logBuffer{},
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}},
		reloads: make(chan struct{}),
	}
	stateDir := t.TempDir()
	for _, run := range runs {
		if _, err := job.New(job.Options{Dir: stateDir}).Report(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	r.text.Store(fmt.Sprintf("mysql:\n  modules: {default: {user: %s, %s}}\n  targets: [{name: erp, address: %q}]\njobs: {state_dir: %q}\n%s",
		a.name, secret, address, stateDir, extra))
	e, err := exporter.New(exporter.Options{
		Load: func() (*config.Config, error) {
			return config.Parse("golden.yml", []byte(r.text.Load().(string)), config.Options{Known: exporter.Known()})
		},
		Reload:    r.reloads,
		Listeners: []net.Listener{listener}, TimeoutOffset: 500 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the exporter's log:\n%s", r.log)
		}
	})
	r.settle()
	return r
}

// settle waits until every collector has run once, those in the background too.
func (r *running) settle() {
	r.t.Helper()
	testenv.Eventually(r.t, time.Minute, "every collector has run", func() error {
		f, _, err := r.scrape("/metrics", 10*time.Second)
		if err != nil {
			return err
		}
		ran := len(f["dbsync_collector_success"].GetMetric()) + len(f["dbsync_collector_skipped"].GetMetric())
		if ran == 0 || ran != len(f["dbsync_collector_duration_seconds"].GetMetric()) {
			return fmt.Errorf("%d have", ran)
		}
		for _, name := range background(f) {
			if outcome(f, name) == "" {
				return fmt.Errorf("%s has not", name)
			}
		}
		return nil
	})
}

type families map[string]*dto.MetricFamily

// background returns the collectors that read on their own interval.
func background(f families) []string {
	var names []string
	for _, m := range f["dbsync_collector_snapshot_interval_seconds"].GetMetric() {
		names = append(names, m.GetLabel()[0].GetValue())
	}
	return names
}

// scrape asks as Prometheus does, which waits for timeout and not longer.
func (r *running) scrape(path string, timeout time.Duration) (families, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+path, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set(timeoutHeader, fmt.Sprint(timeout.Seconds()))
	response, err := r.client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, "", err
	}
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s: %.500s", response.Status, body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	f, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	return f, string(body), err
}

// mustScrape is a scrape that must be answered.
func (r *running) mustScrape(timeout time.Duration) families {
	r.t.Helper()
	f, _, err := r.scrape("/metrics", timeout)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// value returns a series' value; false when there is none with these labels.
func (f families) value(name string, labels ...string) (float64, bool) {
series:
	for _, m := range f[name].GetMetric() {
		for i := 0; i < len(labels); i += 2 {
			if label(m, labels[i]) != labels[i+1] {
				continue series
			}
		}
		switch {
		case m.Gauge != nil:
			return m.Gauge.GetValue(), true
		case m.Counter != nil:
			return m.Counter.GetValue(), true
		}
		return m.Untyped.GetValue(), true
	}
	return 0, false
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// outcome says how a collector ended: ok, failed or skipped and why; empty when it
// has not run yet.
func outcome(f families, name string) string {
	for _, m := range f["dbsync_collector_skipped"].GetMetric() {
		if label(m, "collector") == name {
			return "skipped: " + label(m, "reason")
		}
	}
	success, known := f.value("dbsync_collector_success", "collector", name)
	switch {
	case !known:
		return ""
	case success == 1:
		return "ok"
	}
	return "failed"
}

// writeFile makes a file with its folder.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err = cmp.Or(err, os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// atRest fails unless the account's statements on the server end by themselves
// within a second.
func atRest(t *testing.T, server *testenv.Server, a account) {
	t.Helper()
	testenv.Eventually(t, time.Second, "nothing of the exporter runs on the server", func() error {
		var running string
		err := server.Open().QueryRowContext(t.Context(),
			"SELECT COALESCE(GROUP_CONCAT(COALESCE(info, state)), '') FROM information_schema.processlist WHERE user = ? AND command = 'Query'", a.name).Scan(&running)
		if err == nil && running != "" {
			err = errors.New(running)
		}
		return err
	})
}

// logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
