// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

const twoServers = `
mysql:
  modules:
    default: {user: dbsync, password: "${PASSWORD}"}
    other: {user: other}
  targets:
    - {name: erp, address: "127.0.0.1:3306"}
    - {name: crm, address: "127.0.0.1:3307", module: other}
  probe_allow: ["10.20.0.0/16:3306", "[2001:db8::]/32:3306"]
`

func TestMetricsServeTheDefaultTargetTheHostAndTheExporter(t *testing.T) {
	r := start(t, twoServers, nil)
	families := r.want("/metrics", 200).families(t)
	for _, name := range []string{
		"mysql_up", "node_load1", "dbsync_maintenance_active", "dbsync_collector_success", "go_goroutines",
		"process_start_time_seconds", "promhttp_metric_handler_requests_total", "dbsync_exporter_build_info",
		"dbsync_config_last_reload_successful", "dbsync_config_last_reload_success_timestamp_seconds",
	} {
		if families[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	families = r.want("/probe?target=crm", 200).families(t)
	for _, name := range []string{"node_load1", "go_goroutines", "dbsync_config_last_reload_successful"} {
		if families[name] != nil {
			t.Errorf("a probe has %s", name)
		}
	}
	if families["mysql_up"] == nil || families["dbsync_maintenance_active"] == nil {
		t.Errorf("a probe of a named target lacks families: it has %v", slices.Collect(maps.Keys(families)))
	}
}

func TestSelection(t *testing.T) {
	r := start(t, twoServers, nil)
	for query, want := range map[string][]string{
		"/metrics?collect[]=host":                                 {"host"},
		"/metrics?collect[]=mysql":                                {"mysql.sizes", "mysql.status"},
		"/metrics?collect[]=mysql.status&collect[]=host":          {"host", "mysql.status"},
		"/metrics?exclude[]=mysql&exclude[]=exporter":             {"host", "maintenance"},
		"/metrics?exclude[]=mysql&exclude[]=host":                 {"exporter", "maintenance"},
		"/metrics?collect[]=exporter":                             {"exporter"},
		"/probe?target=crm&exclude[]=mysql.sizes":                 {"maintenance", "mysql.status"},
		"/probe?target=crm&exclude[]=mysql&exclude[]=maintenance": nil,
		"/metrics": {"exporter", "host", "maintenance", "mysql.sizes", "mysql.status"},
		"/probe?target=erp&collect[]=host&collect[]=mysql.status&": {"host", "mysql.status"},
	} {
		t.Run(query, func(t *testing.T) {
			r.eventually("the background collector's first run", func() bool { return strings.Contains(r.get("/metrics").body, "test_snapshot 1") })
			if got := seen(r.want(query, 200).families(t)); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// seen returns the collectors that families come from.
func seen[F any](families map[string]F) []string {
	var names []string
	for family, name := range map[string]string{
		"node_load1": "host", "mysql_up": "mysql.status", "test_snapshot": "mysql.sizes",
		"dbsync_maintenance_active": "maintenance", "go_goroutines": "exporter",
	} {
		if _, ok := families[family]; ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestUnknownNamesAreRefusedWithWhatThereIs(t *testing.T) {
	r := start(t, twoServers, nil)
	for query, want := range map[string]string{
		"/metrics?collect[]=nope":                            `no collector or group is called "nope" here: there is maintenance, mysql.status, mysql.sizes, host, exporter`,
		"/metrics?exclude[]=nope":                            `no collector or group is called "nope" here`,
		"/metrics?collect[]=a&exclude[]=b":                   `collect[] and exclude[] exclude each other`,
		"/probe":                                             `name a server with ?target=: there is erp, crm`,
		"/probe?target=erp&collect[]=mysq":                   `no collector or group is called "mysq" here`,
		"/probe?target=crm&module=default":                   `target "crm" logs in with module "other"`,
		"/probe?target=nope":                                 `no target is called "nope", and it is not host:port: there is erp, crm`,
		"/probe?target=10.20.0.1:3306":                       "",
		"/probe?target=10.20.0.1:3307":                       "address 10.20.0.1:3307 is not in mysql.probe_allow",
		"/probe?target=127.0.0.1:3306":                       "address 127.0.0.1:3306 is not in mysql.probe_allow",
		"/probe?target=[::1]:3306":                           "address [::1]:3306 is not in mysql.probe_allow",
		"/probe?target=[::ffff:7f00:1]:3306":                 "address 127.0.0.1:3306 is not in mysql.probe_allow",
		"/probe?target=[2001:db8::7]:3306":                   "",
		"/probe?target=unix:///run/my.sock":                  "and it is not host:port",
		"/probe?target=root:x@10.20.0.1:3306":                "and it is not host:port",
		"/probe?target=10.20.0.1:3306&module=nope":           `no module is called "nope": there is default, other`,
		"/probe?target=10.20.0.1:3306&collect[]=host":        `no collector or group is called "host" here: there is mysql.status`,
		"/probe?target=10.20.0.1:3306&collect[]=mysql.sizes": `no collector or group is called "mysql.sizes" here`,
	} {
		if want == "" {
			r.want(query, 200, "mysql_up 1")
		} else {
			r.want(query, 400, want)
		}
	}
	if a := start(t, oneServer, nil).want("/probe?target=10.20.0.1:3306", 400, "only where mysql.probe_allow allows it"); a.code != 400 {
		t.Error("free-form targets are on without probe_allow")
	}
}

func TestFreeFormTargetsShareTheirConnections(t *testing.T) {
	r := start(t, twoServers, nil)
	for _, same := range []string{"db.example.com:3306", "DB.example.com.:3306", "db.example.com:3306&module=default"} {
		r.want("/probe?target="+same, 200)
	}
	r.want("/probe?target=db.example.com:3306&module=other", 200)
	if got := len(r.connected()); got != 4 { // two named, two free-form
		t.Errorf("%d servers, want 4", got)
	}
	if free := r.connected()[2]; free.options.Allow == nil || r.connected()[0].options.Allow != nil {
		t.Error("the address that is dialled is checked for free-form targets, and for those alone")
	}
}

// A name may lead anywhere, and elsewhere at the next look: what counts is the
// address that is dialled.
func TestDialledAddressIsChecked(t *testing.T) {
	for network, want := range map[string]bool{"10.20.0.0/16": false, "127.0.0.0/8": true} {
		dialled := make(chan struct{}, 100)
		_, port, _ := net.SplitHostPort(listen(t, dialled).Addr().String())
		allow := network + ":" + port
		text := fmt.Sprintf("mysql:\n  modules: {default: {user: a, tls: {mode: insecure}}}\n  probe_allow: [%q]\n", allow)
		r := start(t, text, func(o *Options, _ *running) {
			o.Connect = nil
			o.definitions = func(_ plan, server collector.Server, runs *job.Store) []collector.Definition {
				return fakeDefinitions(plan{}, server, runs)
			}
		})
		r.want("/probe?target=localhost:"+port, 200, `dbsync_collector_success{collector="mysql.status"} 0`)
		r.want("/probe?target=localhost.:"+port, 200, `dbsync_collector_success{collector="mysql.status"} 0`)
		select {
		case <-dialled:
			if !want {
				t.Errorf("%s: localhost was dialled", allow)
			}
		default:
			if want {
				t.Errorf("%s: localhost was not dialled", allow)
			}
		}
	}
}

// listen accepts connections, closes them and counts them.
func listen(t *testing.T, dialled chan<- struct{}) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dialled <- struct{}{}
			_ = conn.Close()
		}
	})
	t.Cleanup(func() { _ = listener.Close(); wg.Wait() })
	return listener
}

func TestGoodAndBadProbesDoNotDisturbEachOther(t *testing.T) {
	r := start(t, twoServers, nil)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { r.want("/probe?target=crm", 200, "mysql_up 1") })
		wg.Go(func() { r.want(fmt.Sprintf("/probe?target=nope%d", i), 400, fmt.Sprintf("nope%d", i)) })
	}
	wg.Wait()
}

func TestStuckServerGivesPartialDataInTime(t *testing.T) {
	r := start(t, oneServer, func(_ *Options, r *running) {
		r.prepare = func(s *fakeServer) { s.block = make(chan struct{}) }
	})
	a := r.do(http.MethodGet, "/metrics", "", map[string]string{timeoutHeader: "0.6"})
	families := a.families(t)
	if a.code != 200 || families["node_load1"] == nil || families["mysql_up"] != nil {
		t.Errorf("status %d:\n%s", a.code, a.body)
	}
	if !strings.Contains(a.body, `dbsync_collector_success{collector="mysql.status"} 0`) {
		t.Error("the collector that is late is not reported as failed")
	}
}

func TestDeadline(t *testing.T) {
	const offset = 500 * time.Millisecond
	for header, want := range map[string]time.Duration{
		"": defaultDeadline, "x": defaultDeadline, "0": defaultDeadline, "-1": defaultDeadline, "NaN": defaultDeadline,
		"10": 9500 * time.Millisecond, "1": 500 * time.Millisecond, "0.6": 300 * time.Millisecond, "0.2": 100 * time.Millisecond,
		"1e300": maxDeadline - offset, "+Inf": maxDeadline - offset, "100000": maxDeadline - offset,
	} {
		h := http.Header{}
		if header != "" {
			h.Set(timeoutHeader, header)
		}
		if got := deadline(h, offset); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestScrapesBeyondTheLimitAreRefused(t *testing.T) {
	release := make(chan struct{})
	r := start(t, oneServer, func(o *Options, r *running) {
		o.MaxRequests = 1
		r.prepare = func(s *fakeServer) { s.block = release }
	})
	var wg sync.WaitGroup
	wg.Go(func() { r.want("/metrics", 200, "mysql_up 1") })
	r.eventually("the scrape has begun", func() bool { return len(r.limit) == 1 })
	r.want("/metrics?collect[]=host", http.StatusServiceUnavailable, "--web.max-requests")
	r.want("/-/healthy", 200)
	close(release)
	wg.Wait()
	r.eventually("the scrape has ended", func() bool { return len(r.limit) == 0 })
	r.want("/metrics", 200, `dbsync_exporter_http_errors_total{code="503"}`)
}

func TestFormatsAreNegotiated(t *testing.T) {
	r := start(t, oneServer, nil)
	a := r.do(http.MethodGet, "/metrics", "", map[string]string{"Accept": "application/openmetrics-text; version=1.0.0"})
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(a.body, "# EOF\n") {
		t.Errorf("%s", a.header.Get("Content-Type"))
	}
	a = r.do(http.MethodGet, "/metrics", "", map[string]string{"Accept-Encoding": "gzip"})
	if a.header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(a.body, "\x1f\x8b") {
		t.Errorf("%v", a.header)
	}
}

func TestOddSeriesNeverFailTheScrape(t *testing.T) {
	odd := &collector.Family{Name: "test_odd", Help: "Odd \\ \n ones.", Source: "test", Labels: []string{"name"}}
	r := start(t, oneServer, func(o *Options, _ *running) {
		o.definitions = func(p plan, server collector.Server, runs *job.Store) []collector.Definition {
			return append(fakeDefinitions(p, server, runs), collector.Definition{
				Name: "odd", Help: "Test.", Cost: "Nothing.", Default: true, Families: []*collector.Family{odd},
				New: func(*collector.Target) collector.Collector { return collector.Func(oddSeries(odd)) },
			})
		}
	})
	families := r.want("/metrics", 200).families(t)
	if got := len(families["test_odd"].GetMetric()); got != 4 || families["mysql_up"] == nil {
		t.Errorf("%d odd series", got)
	}
}
