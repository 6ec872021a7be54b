// SPDX-License-Identifier: Apache-2.0

//go:build unix

package app

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAccessFormats(t *testing.T) {
	own := regexp.MustCompile(`^(?P<code>\d+) (?P<duration>\S+)ms (?P<method>\w+) (?P<path>\S+)$`)
	for name, c := range map[string]struct {
		format Format
		line   string
		want   request // a code of 0: no request
	}{
		"combined": {
			Format{Name: "combined"},
			`127.0.0.1 - - [24/Nov/2026:03:38:00 +0000] "GET /orders/7?x=1 HTTP/1.1" 200 612 "-" "curl/8"`,
			request{method: []byte("GET"), path: []byte("/orders/7?x=1"), code: 200},
		},
		"combined with a time": {
			Format{Name: "combined"},
			`::1 - bob [24/Nov/2026:03:38:00 +0000] "POST / HTTP/2.0" 502 0 "-" "a \"b\"" "10.0.0.1" rt=0.250 uct="0.1"`,
			request{method: []byte("POST"), path: []byte("/"), code: 502, duration: .25, timed: true},
		},
		"combined with the time last": {
			Format{Name: "combined"},
			`::1 - bob [24/Nov/2026:03:38:00 +0000] "POST / HTTP/2.0" 502 0 "-" "x" request_time=0.250`,
			request{method: []byte("POST"), path: []byte("/"), code: 502, duration: .25, timed: true},
		},
		"Apache with microseconds": {
			Format{Name: "combined", Unit: time.Microsecond},
			`::1 - - [24/Nov/2026:03:38:00 +0000] "GET /a\"b HTTP/1.1" 404 9 "-" "x" 1500`,
			request{method: []byte("GET"), path: []byte(`/a\"b`), code: 404, duration: .0015, timed: true},
		},
		"common":     {Format{Name: "combined"}, `h - - [d] "GET / HTTP/1.0" 200 2`, request{method: []byte("GET"), path: []byte("/"), code: 200}},
		"no HTTP":    {Format{Name: "combined"}, `h - - [d] "\x16\x03" 400 0 "-" "-"`, request{code: 400}},
		"not closed": {Format{Name: "combined"}, `h - - [d] "GET / HTTP/1.1`, request{}},
		"nginx": {
			Format{Name: "json"},
			`{"request_method":"GET","request_uri":"/a","status":"200","request_time":"0.125"}`,
			request{method: []byte("GET"), path: []byte("/a"), code: 200, duration: .125, timed: true},
		},
		"nginx, whole line": {
			Format{Name: "json"}, `{"request":"PUT /b HTTP/1.1","status":204}`,
			request{method: []byte("PUT"), path: []byte("/b"), code: 204},
		},
		"own names": {
			Format{Name: "json", Fields: map[string]string{"code": "http.status", "duration": "ms"}, Unit: time.Millisecond},
			`{"request_method":"GET","http":{"status":500},"ms":250}`,
			request{method: []byte("GET"), code: 500, duration: .25, timed: true},
		},
		"Envoy": {
			Format{Name: "envoy"}, `{"method":"GET","path":"/e","response_code":503,"duration":12}`,
			request{method: []byte("GET"), path: []byte("/e"), code: 503, duration: .012, timed: true},
		},
		"Traefik": {
			Format{Name: "traefik"}, `{"RequestMethod":"GET","RequestPath":"/t","DownstreamStatus":200,"Duration":5000000}`,
			request{method: []byte("GET"), path: []byte("/t"), code: 200, duration: .005, timed: true},
		},
		"Kong": {
			Format{Name: "kong"}, `{"request":{"method":"GET","uri":"/k"},"response":{"status":200},"latencies":{"request":5}}`,
			request{method: []byte("GET"), path: []byte("/k"), code: 200, duration: .005, timed: true},
		},
		"Caddy": {
			Format{Name: "caddy"}, `{"request":{"method":"GET","uri":"/c"},"status":200,"duration":0.005}`,
			request{method: []byte("GET"), path: []byte("/c"), code: 200, duration: .005, timed: true},
		},
		"broken JSON": {Format{Name: "json"}, `{"status":200,`, request{}},
		"no code":     {Format{Name: "json"}, `{"request_method":"GET"}`, request{}},
		"odd code":    {Format{Name: "json"}, `{"status":20000}`, request{}},
		"pattern": {
			Format{Name: "pattern", Pattern: own, Unit: time.Millisecond}, "201 3.5ms POST /p",
			request{method: []byte("POST"), path: []byte("/p"), code: 201, duration: .0035, timed: true},
		},
		"pattern that does not match": {Format{Name: "pattern", Pattern: own}, "201 POST /p", request{}},
	} {
		t.Run(name, func(t *testing.T) {
			parse, err := c.format.parser()
			if err != nil {
				t.Fatal(err)
			}
			var got request
			if ok := parse([]byte(c.line), &got); ok != (c.want.code > 0) {
				t.Fatalf("understood: %v, want %v", ok, !ok)
			}
			if c.want.code == 0 {
				return
			}
			if string(got.method) != string(c.want.method) || string(got.path) != string(c.want.path) ||
				got.code != c.want.code || got.timed != c.want.timed || got.duration-c.want.duration > 1e-9 {
				t.Errorf("got %s %s %d %v %v", got.method, got.path, got.code, got.timed, got.duration)
			}
		})
	}
}

func TestFormatsThatAreRefused(t *testing.T) {
	for _, f := range []Format{
		{Name: "xml"},
		{Name: "pattern"},
		{Name: "pattern", Pattern: regexp.MustCompile(`\d+`)},
	} {
		if _, err := f.parser(); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		template, path string
		want           bool
	}{
		{"/", "/", true},
		{"/", "/?q=1", true},
		{"/", "/a", false},
		{"/orders", "/orders", true},
		{"/orders", "/orders/", false},
		{"/orders", "/orders/7", false},
		{"/orders/{id}", "/orders/7?expand=1", true},
		{"/orders/{id}", "/orders/", false},
		{"/orders/{id}", "/orders/7/items", false},
		{"/orders/{id}/items", "/orders/7/items#top", true},
		{"/static/*", "/static/a/b.js", true},
		{"/static/*", "/static/", true},
		{"/static/*", "/static", false},
		{"/*", "/whatever/else", true},
		{"/*", "*", false},
	} {
		r, err := parseRoute(c.template)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.matches([]byte(c.path)); got != c.want {
			t.Errorf("%s matches %s: %v", c.template, c.path, got)
		}
	}
	for _, template := range []string{"orders", "/a/*/b", "/a{id}", "/a?b", "/x*"} {
		if _, err := parseRoute(template); err == nil {
			t.Errorf("route %s was taken", template)
		}
	}
	if _, err := parseRoutes(make([]string, maxRoutes+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("any number of routes was taken: %v", err)
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct{ format, line, want string }{
		{"mysql", "2026-11-24T03:38:00.000001Z 0 [System] [MY-010116] [Server] mysqld (mysqld 9.7.4) starting", info},
		{"mysql", "2026-11-24T03:38:00.000001Z 0 [ERROR] [MY-010119] [Server] Aborting", failing},
		{"mysql", "2026-11-24  3:38:00 0 [Warning] option 'x': changed", warning},
		{"mysql", "2026-11-24  3:38:00 0 [Note] InnoDB: done", info},
		{"mysql", "stack_bottom = 0x0 thread_stack 0x49000", other},
		{"json", `{"level":"WARN","msg":"x"}`, warning},
		{"json", `{"severity":"ERROR"}`, failing},
		{"json", `{"msg":"x"}`, other},
		{"json", `not JSON`, other},
		{"logfmt", `time=1 level=warn msg="level=error"`, warning},
		{"logfmt", `ts=1 lvl="error"`, failing},
		{"logfmt", `xlevel=error`, other},
		{"plain", `2026-11-24 03:38:00 [ERROR] Flyway failed`, failing},
		{"plain", `INFO: nothing wrong, no error`, info},
		{"plain", `everything is fine`, other},
	} {
		if got := levelReaders[c.format]([]byte(c.line)); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.format, c.line, got, c.want)
		}
	}
}

func TestSlowLog(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]slowCount
	}{
		"MySQL": {`/usr/sbin/mysqld, Version: 9.7.4. started with:
Tcp port: 3306  Unix socket: /tmp/mysql.sock
Time                 Id Command    Argument
# Time: 2026-11-24T03:38:00.000001Z
# User@Host: erp[erp] @ localhost []  Id:    11
# Query_time: 2.500000  Lock_time: 0.500000 Rows_sent: 1  Rows_examined: 100
use erp;
SET timestamp=1795491480;
SELECT 1
use crm;
SET timestamp=1;
# Time: 2026-11-24T03:38:01.000001Z
# User@Host: erp[erp] @ localhost []  Id:    11
# Query_time: 1.500000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 10
SET timestamp=1795491481;
SELECT 2;
`, map[string]slowCount{"erp": {2, 4, .5, 110}}},
		"MariaDB": {`# Time: 261124  3:38:00
# User@Host: erp[erp] @ localhost []
# Thread_id: 5  Schema: erp  QC_hit: No
# Query_time: 1.000000  Lock_time: 0.250000  Rows_sent: 1  Rows_examined: 7
# Rows_affected: 0  Bytes_sent: 62
SET timestamp=1795491480;
SELECT SLEEP(1);
# User@Host: root[root] @ localhost []
# Thread_id: 6  Schema:   QC_hit: No
# Query_time: 3.000000  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0
SET timestamp=1795491483;
SELECT SLEEP(3);
`, map[string]slowCount{"erp": {1, 1, .25, 7}, "": {1, 3, 0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			counts := newLines(Log{Format: formatSlow})
			for line := range strings.Lines(c.text) {
				counts.count([]byte(strings.TrimSuffix(line, "\n")))
			}
			if len(counts.Slow) != len(c.want) {
				t.Errorf("got schemas %v", counts.Slow)
			}
			for schema, want := range c.want {
				if got := counts.Slow[schema]; got == nil || *got != want {
					t.Errorf("schema %q: got %+v, want %+v", schema, got, want)
				}
			}
		})
	}
}

func FuzzAccessLine(f *testing.F) {
	var parsers []parser
	for _, name := range Formats() {
		parse, err := Format{Name: name, Pattern: regexp.MustCompile(`(?P<code>\d+) (?P<duration>\S*)`)}.parser()
		if err != nil {
			f.Fatal(err)
		}
		parsers = append(parsers, parse)
	}
	f.Add([]byte(`h - - [d] "GET /a HTTP/1.1" 200 1 "-" "x" rt=0.1`))
	f.Add([]byte(`{"request":{"method":"GET","uri":"/c"},"status":200,"duration":1e309}`))
	f.Add([]byte("\x00\xff\"\\"))
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, parse := range parsers {
			var r request
			if parse(line, &r) && (r.code < 100 || r.code > 999 || r.duration < 0 || r.duration != r.duration) {
				t.Errorf("%q: code %d, duration %v", line, r.code, r.duration)
			}
		}
	})
}

func FuzzLogLine(f *testing.F) {
	f.Add([]byte("# Query_time: NaN  Lock_time: -1 Rows_examined: 1e400"))
	f.Add([]byte("# Thread_id: 1  Schema: a"))
	f.Add([]byte("use `x`;"))
	f.Add([]byte("SET timestamp=1;"))
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, format := range LogFormats() {
			counts := newLines(Log{Format: format})
			for range 2 {
				counts.count(line)
				counts.count([]byte("SET timestamp=1;"))
			}
			total := uint64(0)
			for level, n := range counts.Levels {
				if total += n; !strings.Contains(strings.Join(levels, " "), level) {
					t.Errorf("level %q", level)
				}
			}
			if total != 4 {
				t.Errorf("%d lines counted, want 4", total)
			}
			for _, one := range counts.Slow {
				if !(one.Seconds >= 0 && one.Locked >= 0) {
					t.Errorf("%+v", one)
				}
			}
		}
	})
}
