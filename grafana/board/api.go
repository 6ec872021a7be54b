// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// API answers "do users notice, and what do the logs say?": the layer above the
// database, from its access log, probes and log files.
func API(l Lang) dash.Dashboard {
	d := frame(l, APIUID,
		l.T("Requests, errors, latency and probes of the API gateway, and the lines of the logs that the exporter follows.",
			"API 网关的请求、错误、延迟与探测，以及导出器跟踪的日志。"))
	d.Panels = stack(
		figures(apiFigures(l)...),
		heading(10, l.T("Requests", "请求")),
		graphs(apiRequestsTrend(l), apiCodesTrend(l), apiErrorsTrend(l)),
		graphs(apiBurnTrend(l), routeTable(l)),
		heading(20, l.T("Latency", "延迟")),
		graphs(apiLatencyTrend(l), apiSlowTrend(l), routeLatencyTrend(l)),
		heading(30, l.T("Probes", "探测")),
		graphs(probeTimeline(l), probePhases(l), probeFailures(l)),
		heading(40, l.T("Logs", "日志")),
		graphs(logLinesTrend(l), logErrorsTrend(l), logPatternsTrend(l)),
		graphs(logSilenceTrend(l), logSlowTable(l)),
		folded(60, l.T("What is unusual at this hour", "与往常同一时段对比"), unusualAPI(l)),
		folded(50, l.T("Reading the logs", "日志读取状况"),
			graphs(unparsedTrend(l), backlogTrend(l), truncationsTrend(l))),
	)
	return d
}

func noAccessLog(l Lang) string {
	return l.T("no API with an access_log is configured", "未配置带 access_log 的 API")
}

func noProbe(l Lang) string {
	return l.T("no API with a probe is configured", "未配置带 probe 的 API")
}

func noLog(l Lang) string {
	return l.T("no log is configured (logs: in the exporter's configuration)", "未配置日志（导出器配置的 logs:）")
}

// apiFigures are the worst of the APIs of the instances that are picked.
func apiFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		stat(about{
			id: 1, title: l.T("Answers", "探测"),
			description: l.T(
				"Whether every probe got the answer that it expects. Failed: the table of reasons below, then the gateway, then what stands behind it.",
				"是否所有探测都得到预期应答。失败：先看下方原因，再查网关及其后端。"),
			noValue: noProbe(l), alerts: []string{"ApiDown"},
		}, countUnit, "min("+metric("dbsync_api_probe_success")+")", levels(grey), states(
			state{"0", l.T("✖ failed", "✖ 失败"), vermilion},
			state{"1", l.T("✔ all", "✔ 正常"), green},
		)),
		stat(about{
			id: 2, title: l.T("Requests per second", "每秒请求"),
			description: l.T("Requests of all picked APIs. Nothing while users exist: the gateway is cut off, or its log is written elsewhere.",
				"所选 API 的请求总数。有用户却为零：网关断开，或日志写到了别处。"),
			noValue: noAccessLog(l),
		}, rpsUnit, "sum("+apiRequests()+")", levels(blue), nil),
		stat(about{
			id: 3, title: l.T("Failing", "错误率"),
			description: l.T(
				"Share of the requests of the last 5 minutes that were answered with 5xx, on the worst API.",
				"最近 5 分钟返回 5xx 的请求比例（最差 API）。"),
			noValue: noAccessLog(l), alerts: []string{"ApiErrorBudgetBurn"},
		}, ratioUnit, "max("+ofAPI(recorded("instance_api:dbsync_api_errors:ratio_rate5m"))+" or 0 * "+ofAPI(apiRequests())+")",
			levels(green, level{0.001, orange}, level{0.05, vermilion}), nil),
		stat(about{
			id: 4, title: l.T("Error budget burns", "错误预算消耗速度"),
			description: l.T(
				"How many times faster than promised errors come, over the last hour, on the worst API. 1 is as promised; at 14.4 a month's budget is "+
					"gone in two days and api_error_budget_burn pages.",
				"最近一小时错误出现速度是承诺值的倍数（最差 API）。1 为正好符合承诺；14.4 时一个月的预算两天耗尽，api_error_budget_burn 告警。"),
			noValue: l.T("no API with an access_log and an objective", "未配置带 access_log 与 objective 的 API"),
			alerts:  []string{"ApiErrorBudgetBurn"},
		}, shortUnit, "max("+burn("1h")+")", levels(green, level{1, orange}, level{fastBurn, vermilion}), nil),
		stat(about{
			id: 5, title: l.T("Slow", "慢请求"),
			description: l.T(
				"Share of the requests of the last 30 minutes that took longer than their objective, on the worst API. From 5 % api_latency_high warns.",
				"最近 30 分钟超过延迟目标的请求比例（最差 API）。超过 5% 时 api_latency_high 警告。"),
			noValue: l.T("no latency objective is configured", "未配置延迟目标"), alerts: []string{"ApiLatencyHigh"},
		}, ratioUnit, "max("+recorded("instance_api:dbsync_api_slow:ratio_rate30m")+")", levels(green, level{slowRequests, orange}), nil),
		stat(about{
			id: 6, title: l.T("99 % answered within", "99% 请求耗时上限"),
			description: l.T("Time that 99 of 100 requests stay under, on the slowest API.", "最慢 API 99% 的请求不超过的耗时。"),
			noValue:     noAccessLog(l),
		}, secondsUnit, "max("+apiQuantile("p99")+")", levels(blue), nil),
		stat(about{
			id: 7, title: l.T("Certificate good for", "证书剩余有效期"),
			description: l.T(
				"Until the first certificate ends. 14 days before api_certificate_expiring warns, 3 days before it pages: renew and reload the gateway.",
				"距最早到期证书的时间。提前 14 天 api_certificate_expiring 警告，提前 3 天升级为严重：续期并重载网关。"),
			noValue: l.T("no probe over TLS", "没有 TLS 探测"), alerts: []string{"ApiCertificateExpiring"},
		}, secondsUnit, "min("+metric("dbsync_api_probe_certificate_expiry_timestamp_seconds")+") - time()",
			levels(vermilion, level{certificateCritical * 86400, orange}, level{certificateWarning * 86400, green}), nil),
		stat(about{
			id: 8, title: l.T("Errors in logs, 10 min", "日志错误（10 分钟）"),
			description: l.T(
				"Lines of level error and fatal in ten minutes, in the log with most. Above 10 log_error_burst warns: read from the first one on.",
				"十分钟内 error 与 fatal 级日志行数（最多的日志）。超过 10 行时 log_error_burst 警告：从第一条读起。"),
			noValue: noLog(l), alerts: []string{"LogErrorBurst"},
		}, countUnit, "max(600 * "+sumBy("instance, log", "rate("+metric("dbsync_log_lines_total", `level=~"error|fatal"`)+"[$__rate_interval])")+")",
			levels(green, level{logErrors, orange}), nil),
	}
}
