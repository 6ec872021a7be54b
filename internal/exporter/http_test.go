// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

func TestPlainPages(t *testing.T) {
	r := start(t, oneServer, nil)
	r.want("/-/healthy", 200, "healthy")
	r.want("/-/ready", 200, "ready")
	r.want("/config", 200, "name: erp", "password: <secret>", "max_connections: 2")
	r.want("/nope", 404)
	r.want("/api/v1/openapi.yaml", 200)
}

func TestLandingPageShowsHowCollectingWent(t *testing.T) {
	r := start(t, twoServers, nil)
	r.want("/", 200, "pending")
	r.want("/metrics", 200)
	page := r.want("/", 200, "erp", "crm", "127.0.0.1:3307, module other", "mysql.status", "Test.", `class="ok"`,
		`href="/probe?target=crm"`, `href="/metrics"`)
	if strings.Contains(page.body, "/debug/pprof") {
		t.Error("the page links to profiles that are off")
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	r.want("/debug/pprof/heap", 404)
}

func TestProfilesAreLinkedWhereTheyAreServed(t *testing.T) {
	r := start(t, oneServer, func(o *Options, _ *running) { o.EnablePprof = true })
	r.want("/", 200, `href="/debug/pprof/"`)
	r.want("/debug/pprof/", 200, "goroutine")
}

func TestServerTextIsEscapedOnTheLandingPage(t *testing.T) {
	r := start(t, oneServer, func(o *Options, _ *running) {
		o.definitions = func(plan, collector.Server, *job.Store) []collector.Definition {
			return []collector.Definition{{
				Name: "hostile", Help: "Test.", Cost: "Nothing.", Default: true, Families: []*collector.Family{fakeUp},
				New: func(*collector.Target) collector.Collector {
					return collector.Func(func(context.Context, *collector.Sink) error {
						return collector.Skip(collector.Unsupported, "<script>alert(1)</script>")
					})
				},
			}}
		}
	})
	r.want("/metrics", 200)
	if page := r.want("/", 200, "&lt;script&gt;"); strings.Contains(page.body, "<script>") {
		t.Error("the page runs what a server says")
	}
}

// No body and no log line may hold a password, whatever is asked and whatever
// goes wrong.
func TestPasswordIsNeverShown(t *testing.T) {
	r := start(t, twoServers, func(o *Options, _ *running) { o.EnablePprof = true })
	for _, path := range []string{
		"/", "/metrics", "/probe?target=erp", "/probe?target=crm", "/probe?target=nope", "/probe?target=10.20.0.1:3306",
		"/config", "/-/ready", "/-/healthy", "/api/v1/openapi.yaml", "/api/v1/runs", "/debug/pprof/cmdline", "/nope", "/metrics?collect[]=x",
	} {
		if body := r.get(path).body; strings.Contains(body, "hunter2") {
			t.Errorf("%s shows the password:\n%s", path, body)
		}
	}
	r.write(strings.Replace(twoServers, "password:", "pasword:", 1))
	if a := r.reloadByHTTP(); a.code != 500 || strings.Contains(a.body, "hunter2") {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	if strings.Contains(r.log.String(), "hunter2") {
		t.Error("the log shows the password")
	}
}

func TestPasswordReachesTheServerUnchanged(t *testing.T) {
	r := start(t, oneServer, nil)
	o := r.connected()[0].options
	if got, err := o.Password(); got != password || err != nil || o.User != "dbsync" {
		t.Errorf("user %q, password %q, %v", o.User, got, err)
	}
}

func TestStopWaitsForTheScrapeInProgress(t *testing.T) {
	release := make(chan struct{})
	var wg sync.WaitGroup
	r := start(t, oneServer, func(_ *Options, r *running) {
		r.prepare = func(s *fakeServer) { s.block = release }
	})
	wg.Go(func() { r.want("/metrics", 200, "mysql_up 1") })
	r.eventually("the scrape has begun", func() bool { return !r.current.Load().main().idle() })
	r.stop()
	r.eventually("the exporter is stopping", func() bool { return !r.ready.Load() })
	close(release)
	wg.Wait()
}

func TestVisitorsMakeRoomAndExpire(t *testing.T) {
	now := time.Unix(1e9, 0)
	v := newVisitors(func() time.Time { return now })
	build := func() (*target, error) { return &target{empty: make(chan struct{})}, nil }
	key := func(i int) visitorKey { return visitorKey{string(rune('a' + i)), "default"} }
	var all []*target
	for i := range maxVisitors {
		one, evicted, err := v.get(key(i), build)
		if err != nil || evicted != nil {
			t.Fatal(err, evicted)
		}
		one.enter()
		all = append(all, one)
		now = now.Add(time.Millisecond)
	}
	if _, _, err := v.get(key(maxVisitors), build); err == nil {
		t.Error("more than the limit")
	}
	all[7].leave()
	if _, evicted, err := v.get(key(maxVisitors), build); err != nil || evicted != all[7] {
		t.Errorf("evicted %p, want the idle one; %v", evicted, err)
	}
	for _, i := range []int{3, 4} {
		all[i].leave()
	}
	now = now.Add(visitorAge)
	if _, _, err := v.get(key(3), build); err != nil {
		t.Error(err)
	}
	if gone := v.expired(); len(gone) != 1 && len(gone) != 2 || slices.Contains(gone, all[3]) {
		t.Errorf("%d expired", len(gone))
	}
	if left := v.drain(); len(left) < maxVisitors-2 {
		t.Errorf("%d drained", len(left))
	}
	if _, _, err := v.get(key(0), build); err == nil {
		t.Error("a target was made after the end")
	}
}

func TestNeighbour(t *testing.T) {
	proc := t.TempDir()
	for pid, name := range map[string]string{"1": "systemd\n", "20": "prometheus-node\n"} {
		if err := os.MkdirAll(filepath.Join(proc, pid), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, pid, "comm"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := neighbour(proc); got != "prometheus-node" {
		t.Errorf("got %q", got)
	}
	if got := neighbour(t.TempDir()); got != "" {
		t.Errorf("got %q in an empty /proc", got)
	}
}

// All that /metrics gives passes the pedantic checks of client_golang and of
// promlint.
func TestMetricsAreConsistentAndLintClean(t *testing.T) {
	r := start(t, oneServer, nil)
	r.want("/metrics", 200)
	main := r.current.Load().main()
	checked := prometheus.Gatherers{r.self.registry, prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return main.scraper.Scrape(t.Context()), nil
	})}
	problems, err := testutil.GatherAndLint(checked)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestWrongTelemetryPathsAreRefused(t *testing.T) {
	for _, path := range []string{"metrics", "/", "/probe", "/-/x", "/api/v1", "/a{b}", "/debug/pprof", "/config"} {
		o := Options{Load: (&running{text: oneServer}).load, TelemetryPath: path}
		if _, err := New(o); err == nil {
			t.Errorf("%s was accepted", path)
		}
	}
	r := start(t, oneServer, func(o *Options, _ *running) { o.TelemetryPath = "/prom" })
	r.want("/prom", 200, "mysql_up")
	r.want("/metrics", 404)
	r.want("/", 200, `href="/prom"`)
}

func TestMaintenanceWindow(t *testing.T) {
	text := oneServer + "maintenance: [{start: \"2026-12-01T22:00:00+08:00\", duration: 2h}]\n"
	for at, want := range map[string]string{
		"2026-12-01T13:59:59Z": "dbsync_maintenance_active 0", "2026-12-01T14:00:00Z": "dbsync_maintenance_active 1",
		"2026-12-01T16:00:00Z": "dbsync_maintenance_active 0",
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, text, func(o *Options, _ *running) { o.Now = func() time.Time { return now } })
		r.want("/metrics", 200, want)
	}
}

func TestFailureOfTheListenerEndsTheRun(t *testing.T) {
	r := &running{t: t, text: oneServer}
	address := []string{"256.0.0.1:1"}
	o := Options{Load: r.load, Connect: r.connect, definitions: fakeDefinitions}
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	o.Web.WebListenAddresses = &address
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context()); err == nil {
		t.Error("no error")
	}
	r.wantAllClosed()
}

func TestFileDescriptorsDoNotLeak(t *testing.T) {
	r := start(t, twoServers, nil)
	scrape := func() int {
		for range 5 {
			r.want("/metrics", 200)
			r.want("/probe?target=crm", 200)
			if a := r.reloadByHTTP(); a.code != http.StatusOK {
				t.Error(a.body)
			}
		}
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc")
		}
		return len(open)
	}
	first := scrape()
	if later := scrape(); later > first+2 {
		t.Errorf("%d descriptors, then %d", first, later)
	}
}
