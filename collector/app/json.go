// SPDX-License-Identifier: Apache-2.0

package app

import (
	"time"

	"github.com/tidwall/gjson"
)

// layout is where a JSON access log keeps what.
type layout struct {
	line                         string // the whole request line, where method and path are missing
	method, path, code, duration string // paths in gjson's syntax
	unit                         float64
}

// jsonFormats are the layouts that servers write on their own, and for nginx,
// which has none, the names of its variables. Sources:
// nginx.org/en/docs/varindex.html,
// envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string,
// doc.traefik.io/traefik/observability/access-logs/ (Duration in nanoseconds),
// docs.konghq.com/hub/kong-inc/file-log/ (latencies in milliseconds),
// caddyserver.com/docs/caddyfile/directives/log (duration in seconds).
var jsonFormats = map[string]layout{
	"json":    {"request", "request_method", "request_uri", "status", "request_time", 1},
	"envoy":   {"", "method", "path", "response_code", "duration", time.Millisecond.Seconds()},
	"traefik": {"", "RequestMethod", "RequestPath", "DownstreamStatus", "Duration", time.Nanosecond.Seconds()},
	"kong":    {"", "request.method", "request.uri", "response.status", "latencies.request", time.Millisecond.Seconds()},
	"caddy":   {"", "request.method", "request.uri", "status", "duration", 1},
}

// with returns the layout with what the user says instead.
func (l layout) with(f Format) layout {
	for name, field := range map[string]*string{
		"method": &l.method, "path": &l.path, "code": &l.code, "duration": &l.duration, "line": &l.line,
	} {
		if override, ok := f.Fields[name]; ok {
			*field = override
		}
	}
	if f.Unit != 0 {
		l.unit = f.Unit.Seconds()
	}
	return l
}

func (l layout) parse(line []byte, r *request) bool {
	if !gjson.ValidBytes(line) {
		return false
	}
	r.method, r.path = field(line, l.method), field(line, l.path)
	if len(r.method) == 0 {
		r.setLine(field(line, l.line))
	}
	r.setDuration(field(line, l.duration), l.unit)
	return r.setCode(field(line, l.code))
}

// field returns a field's text, or of a number what the log wrote.
func field(line []byte, path string) []byte {
	if path == "" {
		return nil
	}
	value := gjson.GetBytes(line, path)
	if value.Type == gjson.Number {
		return []byte(value.Raw)
	}
	return []byte(value.String())
}
