// SPDX-License-Identifier: Apache-2.0

//go:build unix

package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/app"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// scraper returns a new process' collectors, which collect when they are scraped.
func scraper(t testing.TB, opts app.Options) *collector.Scraper {
	t.Helper()
	defs := app.Definitions(opts)
	for i := range defs {
		defs[i].Every = 0
	}
	s, err := collector.NewScraper(&collector.Target{Name: "test"}, defs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// metrics is what a scrape gave, by "name{value,value}" in the order of the labels'
// names.
type metrics map[string]*dto.Metric

func scrape(t testing.TB, s *collector.Scraper) metrics {
	t.Helper()
	all := metrics{}
	for _, family := range s.Scrape(t.Context()) {
		for _, m := range family.Metric {
			var values []string
			for _, l := range m.Label {
				values = append(values, l.GetValue())
			}
			all[family.GetName()+"{"+strings.Join(values, ",")+"}"] = m
		}
	}
	return all
}

func (m metrics) value(name string) float64 {
	one := m[name]
	switch {
	case one.GetCounter() != nil:
		return one.Counter.GetValue()
	case one.GetGauge() != nil:
		return one.Gauge.GetValue()
	}
	return math.NaN()
}

// TestNginx counts what a real nginx answers, while its log is rotated, nginx is
// restarted and so are we, in the ways in which that happens.
func TestNginx(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(rand.N(3 * time.Millisecond)) // what a backend does
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		w.WriteHeader(max(code, 200))
	}))
	defer backend.Close()
	nginx := startNginx(t, backend.URL)
	log := filepath.Join(nginx.Dir(), "access.log")
	opts := app.Options{StateDir: t.TempDir(), APIs: []app.API{{
		Name: "gateway", AccessLog: log, Format: app.Format{Name: "json"},
		Routes: []string{"/orders/{id}", "/health"}, Latency: 2 * time.Millisecond,
	}}}
	s := scraper(t, opts)
	const before = 1
	testenv.Eventually(t, 10*time.Second, "nginx logged what its start was asked", func() error {
		if n := len(accessLines(t, nginx.Dir())); n != before {
			return fmt.Errorf("%d lines", n)
		}
		return nil
	})
	scrape(t, s) // from here on
	const rounds = 8
	for round := range rounds {
		load(t, nginx.URL(), 250, func() {
			switch round % 4 {
			case 0: // renamed, reopened
				rename(t, log, round)
				signal(t, nginx, syscall.SIGUSR1)
			case 1: // renamed and created, as logrotate's "create" does
				rename(t, log, round)
				check(t, os.WriteFile(log, nil, 0o666))
				check(t, os.Chmod(log, 0o666))
				scrape(t, s)
				signal(t, nginx, syscall.SIGUSR1)
			case 2: // we end, in whatever way
				s = scraper(t, opts)
			}
			scrape(t, s)
		})
		scrape(t, s) // each file is seen once before it is rotated
		if round%4 == 3 {
			check(t, nginx.Restart(t.Context()))
		}
	}
	check(t, nginx.Restart(t.Context())) // its workers write the last lines
	var got metrics
	var lines []accessLine
	testenv.Eventually(t, 10*time.Second, "every line is counted", func() error {
		lines = accessLines(t, nginx.Dir())[before:]
		got = scrape(t, s)
		if n := got.value("dbsync_api_log_lines_total{gateway}"); n != float64(len(lines)) {
			return fmt.Errorf("%v counted, %d logged", n, len(lines))
		}
		return nil
	})

	byCode, slow, orders := map[string]int{}, 0, 0
	var times []float64
	for _, line := range lines {
		byCode[line.Method+" "+line.Status]++
		seconds, err := strconv.ParseFloat(line.Time, 64)
		check(t, err)
		times = append(times, seconds)
		if seconds > .002 {
			slow++
		}
		if strings.HasPrefix(line.URI, "/orders/") {
			orders++
		}
	}
	if len(lines) < rounds*250 {
		t.Fatalf("nginx logged %d lines, want at least %d", len(lines), rounds*250)
	}
	for key, want := range byCode {
		method, code, _ := strings.Cut(key, " ")
		if n := got.value("dbsync_api_requests_total{gateway," + code + "," + method + "}"); n != float64(want) {
			t.Errorf("%s: counted %v, nginx logged %d", key, n, want)
		}
	}
	for name, want := range map[string]int{
		"dbsync_api_log_unparsed_lines_total{gateway}":          0,
		"dbsync_api_slow_requests_total{gateway}":               slow,
		"dbsync_api_route_requests_total{gateway,/orders/{id}}": orders,
		"dbsync_source_success{app.access,gateway}":             1,
		"dbsync_source_success{app.access,gateway state}":       1,
		"dbsync_api_log_backlog_bytes{gateway}":                 0,
		"dbsync_collector_success{app.access}":                  1,
		"dbsync_api_route_errors_total{gateway,/health}":        0,
		"dbsync_series_dropped{app.access}":                     0,
		"dbsync_collector_skipped{app.probe,unconfigured}":      1,
		"dbsync_collector_skipped{app.log,unconfigured}":        1,
	} {
		if got.value(name) != float64(want) {
			t.Errorf("%s: got %v, want %d", name, got.value(name), want)
		}
	}
	compareQuantiles(t, got["dbsync_api_request_duration_seconds{gateway}"].GetHistogram(), times)
}

// compareQuantiles checks that each true quantile lies in the bucket where the
// histogram has it.
func compareQuantiles(t *testing.T, h *dto.Histogram, times []float64) {
	t.Helper()
	slices.Sort(times)
	if int(h.GetSampleCount()) != len(times) {
		t.Fatalf("%d response times counted, want %d", h.GetSampleCount(), len(times))
	}
	for _, q := range []float64{.5, .9, .99} {
		rank := uint64(math.Ceil(q * float64(len(times))))
		truth, lower := times[rank-1], math.Inf(-1)
		for _, bucket := range h.Bucket {
			if bucket.GetCumulativeCount() >= rank {
				if truth <= lower || truth > bucket.GetUpperBound() {
					t.Errorf("quantile %v is %v, the histogram has it in (%v, %v]", q, truth, lower, bucket.GetUpperBound())
				}
				break
			}
			lower = bucket.GetUpperBound()
		}
	}
}

const nginxConfig = `
worker_processes 2;
pid %[1]s/nginx.pid;
events { worker_connections 128; }
http {
	log_format json escape=json '{"time":"$time_iso8601","request_method":"$request_method","request_uri":"$request_uri",'
		'"status":"$status","request_time":"$request_time","agent":"$http_user_agent"}';
	access_log %[1]s/access.log json;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server {
		listen %[2]s;
		location / { proxy_pass %[3]s; }
	}
}
`

// startNginx starts an nginx in front of a backend.
func startNginx(t *testing.T, backend string) *sandbox.Service {
	t.Helper()
	arguments := func(address, dir string) []string {
		check(t, os.Chmod(dir, 0o777)) // its workers may run as another account
		config := filepath.Join(dir, "nginx.conf")
		check(t, os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, address, backend), 0o644))
		return []string{"-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", config, "-g", "daemon off;"}
	}
	service, err := sandbox.StartService(t.Context(), sandbox.ServiceOptions{
		Program: testenv.Tool(t, sandbox.Tools, "nginx"), Arguments: arguments, Ready: "/ready",
	})
	check(t, err)
	t.Cleanup(func() { check(t, service.Stop()) })
	return service
}

// load makes requests from several clients, and does something half-way.
func load(t *testing.T, url string, requests int, halfway func()) {
	t.Helper()
	paths := []string{"/orders/%d", "/health?n=%d", "/other/%d?code=404", "/orders/%d?code=503", "/\"quoted\"/%d"}
	var wg sync.WaitGroup
	const clients = 5
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	send := func(n int) {
		for i := range n {
			response, err := client.Get(url + fmt.Sprintf(paths[i%len(paths)], i))
			if err != nil {
				t.Errorf("request: %v", err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
	for range clients {
		wg.Go(func() { send(requests / clients) })
	}
	halfway()
	wg.Wait()
}

func rename(t *testing.T, log string, n int) {
	t.Helper()
	check(t, os.Rename(log, fmt.Sprintf("%s.%d", log, n)))
}

func signal(t *testing.T, nginx *sandbox.Service, sig syscall.Signal) {
	t.Helper()
	check(t, syscall.Kill(nginx.PID(), sig))
}

// accessLine is a line of nginx's log.
type accessLine struct {
	Method string `json:"request_method"`
	URI    string `json:"request_uri"`
	Status string `json:"status"`
	Time   string `json:"request_time"`
}

// accessLines reads all of nginx's logs, the renamed ones first.
func accessLines(t *testing.T, dir string) []accessLine {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "access.log*"))
	check(t, err)
	slices.Sort(paths)
	paths = append(paths[1:], paths[0]) // the one without a number is the newest
	var lines []accessLine
	for _, path := range paths {
		text, err := os.ReadFile(path)
		check(t, err)
		scanner := bufio.NewScanner(bytes.NewReader(text))
		for scanner.Scan() {
			var line accessLine
			check(t, json.Unmarshal(scanner.Bytes(), &line))
			lines = append(lines, line)
		}
	}
	return lines
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
