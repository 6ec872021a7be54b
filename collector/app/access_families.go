// SPDX-License-Identifier: Apache-2.0

package app

import "github.com/easy-erp/dbsync/collector"

var (
	apiRequests = &collector.Family{
		Name: "dbsync_api_requests_total", Type: collector.Counter, Labels: []string{"api", "method", "code"},
		Help: "Requests in the access log, by method (a client's inventions are \"other\") and status code.",
	}
	apiDuration = &collector.Family{
		Name: "dbsync_api_request_duration_seconds", Type: collector.HistogramType, Labels: []string{"api"},
		Help: "Response times in the access log.",
		On:   "logs that have a duration",
	}
	apiSlow = &collector.Family{
		Name: "dbsync_api_slow_requests_total", Type: collector.Counter, Labels: []string{"api"},
		Help: "Requests that took longer than the latency objective.",
		On:   "APIs with latency_objective",
	}
	apiObjective = &collector.Family{
		Name: "dbsync_api_objective_ratio", Labels: []string{"api"},
		Help: "The share of requests that must not fail, as the configuration promises.",
	}
	apiLatency = &collector.Family{
		Name: "dbsync_api_latency_objective_seconds", Labels: []string{"api"},
		Help: "What a request may take, as the configuration promises.",
	}
	routeRequests = &collector.Family{
		Name: "dbsync_api_route_requests_total", Type: collector.Counter, Labels: []string{"api", "route"},
		Help: "Requests per route template of the configuration; those of none are \"other\".",
	}
	routeErrors = &collector.Family{
		Name: "dbsync_api_route_errors_total", Type: collector.Counter, Labels: []string{"api", "route"},
		Help: "Requests per route that were answered with a code of 500 or above.",
	}
	routeDuration = &collector.Family{
		Name: "dbsync_api_route_request_duration_seconds", Type: collector.HistogramType, Labels: []string{"api", "route"},
		Help: "Response times per route.",
	}
	apiLines = &collector.Family{
		Name: "dbsync_api_log_lines_total", Type: collector.Counter, Labels: []string{"api"},
		Help: "Lines of the access log that were read.",
	}
	apiUnparsed = &collector.Family{
		Name: "dbsync_api_log_unparsed_lines_total", Type: collector.Counter, Labels: []string{"api"},
		Help: "Lines of the access log that are not of the configured format.",
	}
	apiNewest = &collector.Family{
		Name: "dbsync_api_log_last_line_timestamp_seconds", Labels: []string{"api"},
		Help: "When the newest line was written that was read.",
	}
	apiBacklog = &collector.Family{
		Name: "dbsync_api_log_backlog_bytes", Labels: []string{"api"},
		Help: "What is in the log and was not read yet.",
	}

	accessFamilies = from("the access log",
		apiRequests, apiDuration, apiSlow, apiObjective, apiLatency, routeRequests, routeErrors, routeDuration,
		apiLines, apiUnparsed, apiNewest, apiBacklog)
)

// from sets the source of families that have the same one.
func from(source string, families ...*collector.Family) []*collector.Family {
	for _, f := range families {
		f.Source = source
	}
	return families
}

func emitAccess(out *collector.Sink, api API, r reading[*requests]) {
	c := r.counts
	for key, n := range c.ByCode {
		out.Emit(apiRequests, float64(n), api.Name, methods[key.method], code(key.code))
	}
	if !c.All.empty() {
		out.EmitHistogram(apiDuration, c.All.export(), api.Name)
	}
	for _, name := range c.known() {
		one := c.ByRoute[name]
		if one == nil {
			one = &routeCount{}
		}
		out.Emit(routeRequests, float64(one.Requests), api.Name, name)
		out.Emit(routeErrors, float64(one.Errors), api.Name, name)
		if !one.Times.empty() {
			out.EmitHistogram(routeDuration, one.Times.export(), api.Name, name)
		}
	}
	if api.Objective > 0 {
		out.Emit(apiObjective, api.Objective, api.Name)
	}
	if api.Latency > 0 {
		out.Emit(apiLatency, api.Latency.Seconds(), api.Name)
		out.Emit(apiSlow, float64(c.Slow), api.Name)
	}
	out.Emit(apiLines, float64(c.Lines), api.Name)
	out.Emit(apiUnparsed, float64(c.Unparsed), api.Name)
	out.Emit(apiBacklog, float64(r.backlog), api.Name)
	if !r.newest.IsZero() {
		out.Emit(apiNewest, float64(r.newest.UnixMilli())/1e3, api.Name)
	}
}

// code spells a status code.
func code(c uint16) string {
	return string([]byte{'0' + byte(c/100), '0' + byte(c/10%10), '0' + byte(c%10)})
}
