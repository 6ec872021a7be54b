// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

const (
	apiLegend = "{{instance}} {{api}}"
	logLegend = "{{instance}} {{log}}"
)

// ofAPI gives one value per API.
func ofAPI(expr string) string { return sumBy("instance, api", expr) }

// burn is how many times faster than promised an API fails, over the window: 1h or
// 6h.
func burn(window string) string {
	return maxBy("instance, api", recorded("instance_api:dbsync_api_error_burn:ratio"+window))
}

// apiRequests are the requests per second by status code.
func apiRequests() string { return recorded("instance_api_code:dbsync_api_requests:rate5m") }

// apiQuantile is a recorded quantile of an API's response times.
func apiQuantile(name string) string {
	return maxBy("instance, api", recorded("instance_api:dbsync_api_request_seconds:"+name))
}

func apiRequestsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 11, title: l.T("Requests by API", "各 API 请求数"),
		description: l.T(
			"Requests per second. A cliff to zero with the probe still good: clients or the balancer went elsewhere, or the log is no longer written.",
			"每秒请求数。探测正常而骤降为零：客户端或负载均衡转向别处，或日志不再写入。"),
		noValue: noAccessLog(l), links: ofSeries(l, APIUID, MySQLUID),
	}, rpsUnit, nil, series{ofAPI(apiRequests()), apiLegend})
}

func apiCodesTrend(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 12, title: l.T("Requests by status code", "按状态码的请求数"),
		description: l.T(
			"Requests per second of all picked APIs by status code. 502 and 504 are the backend, 503 a limit, 499 clients that gave up waiting, "+
				"429 a client that asks too often.",
			"所选 API 按状态码的每秒请求。502、504 为后端问题，503 为限流，499 为客户端等不及断开，429 为客户端请求过多。"),
		noValue: noAccessLog(l),
	}, rpsUnit, nil, series{top(10, sumBy("code", apiRequests())), "{{code}}"}))
}

func apiErrorsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 13, title: l.T("Share of requests that fail", "请求失败比例"),
		description: l.T(
			"Share of requests answered with 5xx, of the last 5 minutes. Compare its beginning with the annotations: a migration, a deployment, a restart.",
			"最近 5 分钟返回 5xx 的比例。把起点与标注对照：迁移、发布、重启。"),
		noValue: noAccessLog(l), alerts: []string{"ApiErrorBudgetBurn"}, links: ofSeries(l, APIUID, MySQLUID),
	}, ratioUnit, nil, series{
		ofAPI(recorded("instance_api:dbsync_api_errors:ratio_rate5m")) + " or 0 * " + ofAPI(apiRequests()), apiLegend,
	})
}

func apiBurnTrend(l Lang) dash.Panel {
	return graph(about{
		id: 14, title: l.T("Speed at which the error budget burns", "错误预算消耗速度"),
		description: l.T(
			"Errors as a multiple of what the objective allows. The lines: 14.4 over an hour pages, 6 over six hours pages as well. Below 1 the "+
				"budget recovers.",
			"错误率是目标允许值的倍数。虚线：一小时窗口 14.4 告警，六小时窗口 6 也告警。低于 1 时预算在恢复。"),
		noValue: l.T("no API with an access_log and an objective", "未配置带 access_log 与 objective 的 API"),
		alerts:  []string{"ApiErrorBudgetBurn"}, links: ofSeries(l, APIUID),
	}, shortUnit, levels(green, level{slowBurn, orange}, level{fastBurn, vermilion}),
		series{burn("1h"), l.T(apiLegend+" 1 h", apiLegend+" 1 小时")},
		series{burn("6h"), l.T(apiLegend+" 6 h", apiLegend+" 6 小时")},
	)
}

func routeTable(l Lang) dash.Panel {
	of := func(name string) string { return sumBy("instance, api, route", perSecond(name)) }
	requests := of("dbsync_api_route_requests_total")
	return table(about{
		id: 15, title: l.T("Routes", "路由"),
		description: l.T(
			"Requests, failures and mean time per route of the configuration; what fits none is 'other'. The route that fails or slows alone points at "+
				"one query.",
			"按配置路由统计的请求、失败与平均耗时，不匹配的归入 other。单独失败或变慢的路由指向某个查询。"),
		noValue: l.T("no API with an access_log and routes", "未配置带 access_log 与 routes 的 API"),
		alerts:  []string{"ApiErrorBudgetBurn", "ApiLatencyHigh"},
	}, descending(l.T("Failing", "错误率")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, APIUID, MySQLUID)},
		column{label: "api", title: "API"},
		column{label: "route", title: l.T("Route", "路由")},
		column{title: l.T("Requests/s", "每秒请求"), unit: rpsUnit, expr: requests},
		column{title: l.T("Failing", "错误率"), unit: ratioUnit, expr: ratio(of("dbsync_api_route_errors_total"), requests),
			thresholds: levels("text", level{0.001, orange}, level{0.05, vermilion})},
		column{title: l.T("Mean time", "平均耗时"), unit: secondsUnit,
			expr: ratio(of("dbsync_api_route_request_duration_seconds_sum"), of("dbsync_api_route_request_duration_seconds_count"))},
	)
}

func apiLatencyTrend(l Lang) dash.Panel {
	return graph(about{
		id: 21, title: l.T("Response time, 50 % and 99 %", "响应时间 p50 与 p99"),
		description: l.T(
			"Time that half and 99 of 100 requests stay under. Both rise: the database or the machine; only 99 %: a lock, a cold cache, one route.",
			"半数与 99% 的请求不超过的耗时。两者同升：数据库或机器；仅 p99 上升：锁、冷缓存或某个路由。"),
		noValue: noAccessLog(l), alerts: []string{"ApiLatencyHigh"}, links: ofSeries(l, APIUID, MySQLUID),
	}, secondsUnit, nil,
		series{apiQuantile("p50"), apiLegend + " 50 %"},
		series{apiQuantile("p99"), apiLegend + " 99 %"},
	)
}

func apiSlowTrend(l Lang) dash.Panel {
	return graph(about{
		id: 22, title: l.T("Requests slower than promised", "超过延迟目标的请求"),
		description: l.T(
			"Share of the requests of 30 minutes that took longer than the objective. At the line api_latency_high warns; put it beside the statement "+
				"time and the locks of the same moment.",
			"30 分钟内超过延迟目标的请求比例。达到虚线时 api_latency_high 警告；对照同一时刻的语句耗时与锁。"),
		noValue: l.T("no latency objective is configured", "未配置延迟目标"), alerts: []string{"ApiLatencyHigh"}, links: ofSeries(l, APIUID, MySQLUID),
	}, ratioUnit, levels(green, level{slowRequests, orange}),
		series{ofAPI(recorded("instance_api:dbsync_api_slow:ratio_rate30m")), apiLegend})
}

func routeLatencyTrend(l Lang) dash.Panel {
	return graph(about{
		id: 23, title: l.T("Mean time by route, ten slowest", "各路由平均耗时（最慢的十个）"),
		description: l.T("Mean response time per route. The one that leaves the others is where to look.", "各路由的平均响应时间，偏离其他路由的就是要查的。"),
		noValue:     l.T("no API with an access_log and routes", "未配置带 access_log 与 routes 的 API"), links: ofSeries(l, APIUID, MySQLUID),
	}, secondsUnit, nil, series{
		top(10, maxBy("instance, api, route", recorded("instance_api_route:dbsync_api_route_request_seconds:mean5m"))),
		apiLegend + " {{route}}",
	})
}

func probeTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 31, title: l.T("Probes", "探测结果"),
		description: l.T(
			"Whether the probe of each API got the answer that it expects. A minute of failure pages (api_down).",
			"各 API 的探测是否得到预期应答。失败持续一分钟即告警（api_down）。"),
		noValue: noProbe(l), alerts: []string{"ApiDown"}, links: ofSeries(l, APIUID),
	}, states(
		state{"0", l.T("✖ failed", "✖ 失败"), vermilion},
		state{"1", l.T("✔ good", "✔ 正常"), green},
	), series{minBy("instance, api", metric("dbsync_api_probe_success")), apiLegend})
}

func probePhases(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 32, title: l.T("Probe time by phase", "探测各阶段耗时"),
		description: l.T(
			"Mean over the picked APIs of how long each phase took. resolve: DNS; connect: the network; tls: the handshake; processing: the gateway and "+
				"what stands behind it.",
			"所选 API 各阶段耗时的平均。resolve：DNS；connect：网络；tls：握手；processing：网关及其后端。"),
		noValue: noProbe(l),
	}, secondsUnit, nil, series{"avg by (phase) (" + metric("dbsync_api_probe_phase_seconds") + ")", "{{phase}}"}))
}

func probeFailures(l Lang) dash.Panel {
	return timeline(about{
		id: 33, title: l.T("Why probes failed", "探测失败原因"),
		description: l.T("The reason of each failure while it lasted.", "每次失败期间的原因。"),
		noValue:     l.T("no probe failed in this time", "该时段没有探测失败"), alerts: []string{"ApiDown"}, links: ofSeries(l, APIUID),
	}, states(state{"1", l.T("✖ failed", "✖ 失败"), vermilion}),
		series{maxBy("instance, api, reason", recorded("instance_api_reason:dbsync_api_probe_failure:active")), apiLegend + " {{reason}}"})
}

func logLinesTrend(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 41, title: l.T("Lines by level", "各级别日志行"),
		description: l.T(
			"Lines per second of all picked logs by level. 'other' are lines that carry none, such as the rest of a stack trace.",
			"所选日志每秒行数（按级别）。other 为没有级别的行，如堆栈的后续行。"),
		noValue: noLog(l),
	}, eventsUnit, nil, series{sumBy("level", recorded("instance_log_level:dbsync_log_lines:rate5m")), "{{level}}"}))
}

func logErrorsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 42, title: l.T("Errors by log", "各日志的错误"),
		description: l.T(
			"Lines of level error and fatal, as lines per ten minutes. Above the line log_error_burst warns: read from the first one on, what follows is "+
				"often only its consequence.",
			"error 与 fatal 级日志行数（每十分钟）。超过虚线时 log_error_burst 警告：从第一条读起，其后往往只是后果。"),
		noValue: noLog(l), alerts: []string{"LogErrorBurst"}, links: ofSeries(l, APIUID),
	}, countUnit, levels(green, level{logErrors, orange}), series{
		"600 * " + sumBy("instance, log", recorded("instance_log_level:dbsync_log_lines:rate5m", `level=~"error|fatal"`)), logLegend,
	})
}

func logPatternsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 43, title: l.T("Matches of your patterns", "自定义模式匹配"),
		description: l.T("Lines per second that match a pattern of the configuration.", "每秒匹配配置中模式的行数。"),
		noValue:     l.T("no log with patterns is configured", "未配置带 patterns 的日志"), links: ofSeries(l, APIUID),
	}, eventsUnit, nil, series{
		top(20, sumBy("instance, log, pattern", perSecond("dbsync_log_matches_total"))), logLegend + " {{pattern}}",
	})
}

func logSilenceTrend(l Lang) dash.Panel {
	return graph(about{
		id: 44, title: l.T("Silence, of what is allowed", "静默时间占允许时长"),
		description: l.T(
			"How long nothing was written to each log, as a share of how long it may be silent. At 100 % log_silent warns: its writer hangs, does not "+
				"run, or writes elsewhere.",
			"各日志静默时间占允许时长的比例。达到 100% 时 log_silent 警告：写入程序挂起、未运行或写到别处。"),
		noValue: l.T("no log with expected_interval", "未配置 expected_interval 的日志"), alerts: []string{"LogSilent"}, links: ofSeries(l, APIUID),
	}, ratioUnit, levels(green, level{promiseBroken, orange}), series{
		maxBy("instance, log", recorded("instance_log:dbsync_log_silence:ratio")), logLegend,
	})
}

func logSlowTable(l Lang) dash.Panel {
	of := func(name string) string { return sumBy("instance, log, schema", perSecond(name)) }
	statements := of("dbsync_slow_log_queries_total")
	return table(about{
		id: 45, title: l.T("Slow query log", "慢查询日志"),
		description: l.T(
			"Statements in the slow query log by schema: how many, how long they took and waited for locks, how many rows they looked at.",
			"慢查询日志中的语句（按库）：数量、耗时、锁等待与检查行数。"),
		noValue: l.T("no slow query log is configured", "未配置慢查询日志"),
	}, descending(l.T("Mean time", "平均耗时")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, APIUID, MySQLUID)},
		column{label: "log", title: l.T("Log", "日志")},
		column{label: "schema", title: l.T("Schema", "库")},
		column{title: l.T("Statements/s", "每秒语句"), unit: opsUnit, expr: statements},
		column{title: l.T("Mean time", "平均耗时"), unit: secondsUnit, expr: ratio(of("dbsync_slow_log_query_seconds_total"), statements)},
		column{title: l.T("Mean lock wait", "平均锁等待"), unit: secondsUnit, expr: ratio(of("dbsync_slow_log_lock_seconds_total"), statements)},
		column{title: l.T("Rows per statement", "每条检查行数"), unit: shortUnit, expr: ratio(of("dbsync_slow_log_rows_examined_total"), statements)},
	)
}

func unparsedTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 51, title: l.T("Lines that are not understood", "无法解析的行"),
		description: l.T(
			"Share of the access log's lines that are not of the configured format: the figures above lack them. At the line api_log_unparsed warns: "+
				"compare a line with apis.format.",
			"访问日志中与配置格式不符的行比例，上方数字不含它们。达到虚线时 api_log_unparsed 警告：将日志行与 apis.format 对照。"),
		noValue: noAccessLog(l), alerts: []string{"ApiLogUnparsed"}, links: ofSeries(l, APIUID),
	}, ratioUnit, levels(green, level{unparsedLines, orange}), series{
		maxBy("instance, api", recorded("instance_api:dbsync_api_log_unparsed_lines:ratio5m")), apiLegend,
	}))
}

func backlogTrend(l Lang) dash.Panel {
	return graph(about{
		id: 52, title: l.T("Not read yet", "待读取"),
		description: l.T(
			"Bytes that are in a log and were not read. It should be near 0: a climb is a log that grows faster than it can be read, or an exporter "+
				"that gets no CPU.",
			"日志中尚未读取的字节数，应接近 0。持续上升说明日志增长快于读取，或导出器得不到 CPU。"),
		noValue: noLog(l), links: ofSeries(l, MonitoringUID),
	}, bytesUnit, nil,
		series{maxBy("instance, log", metric("dbsync_log_backlog_bytes")), logLegend},
		series{maxBy("instance, api", metric("dbsync_api_log_backlog_bytes")), apiLegend},
	)
}

func truncationsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 53, title: l.T("Logs cut in place", "被原地截断的日志"),
		description: l.T(
			"How often a log was cut in place (copytruncate): lines between the copy and the cut are lost. Let the writer reopen its file instead.",
			"日志被原地截断（copytruncate）的频率：复制与截断之间的行会丢失。改为让写入程序重新打开文件。"),
		noValue: noLog(l), links: ofSeries(l, MonitoringUID),
	}, eventsUnit, nil, series{maxBy("instance, log", recorded("instance_log:dbsync_log_truncations:rate5m")), logLegend})
}
