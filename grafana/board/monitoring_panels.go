// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// staleness is the age of a background collector's data in its own intervals.
func staleness() string {
	return maxBy("instance, collector", recorded("instance_collector:dbsync_collector_staleness:ratio"))
}

func targetsTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 11, title: l.T("Targets that did not answer", "无应答的目标"),
		description: l.T("When Prometheus could not scrape a target. Everything on the other boards has a gap there.",
			"Prometheus 无法采集某目标的时段。其他仪表板在此处都会有空白。"),
		noValue: l.T("all answered", "全部有应答"), alerts: []string{"ExporterDown"}, links: ofSeries(l, OverviewUID),
	}, states(state{"0", l.T("✖ down", "✖ 不可达"), vermilion}),
		series{minBy("instance, job", metric("up")) + " == 0", "{{instance}} {{job}}"})
}

func scrapeDurationTrend(l Lang) dash.Panel {
	return graph(about{
		id: 12, title: l.T("Time of a scrape", "采集耗时"),
		description: l.T(
			"How long each scrape took. It follows the server: one that is slow to answer the exporter is slow for its clients too.",
			"每次采集的耗时，随数据库变化：对导出器应答慢的数据库，对客户端也慢。"),
		noValue: noExporter(l), links: ofSeries(l, MonitoringUID),
	}, secondsUnit, nil, series{maxBy("instance, job", metric("scrape_duration_seconds")), "{{instance}} {{job}}"})
}

func scrapeSamplesTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 13, title: l.T("Samples of a scrape", "每次采集的样本数"),
		description: l.T(
			"Samples that each scrape brought. A fall is a collector that fails or was switched off; a climb that goes on is a label fed by data.",
			"每次采集的样本数。下降说明采集器失败或被关闭；持续上升说明有由数据产生的标签。"),
		noValue: noExporter(l), links: ofSeries(l, MonitoringUID),
	}, shortUnit, nil, series{maxBy("instance, job", metric("scrape_samples_scraped")), "{{instance}} {{job}}"}))
}

func failingTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 21, title: l.T("Collectors that failed", "失败的采集器"),
		description: l.T(
			"When a collector's run failed. Together with a server that is down it is only the consequence.",
			"采集器运行失败的时段。若数据库同时不可用，只是其后果。"),
		noValue: l.T("none failed in this time", "该时段没有失败"), alerts: []string{"CollectorFailing", "SourceFailing"}, links: ofSeries(l, MonitoringUID),
	}, states(state{"0", l.T("✖ failed", "✖ 失败"), vermilion}),
		series{minBy("instance, collector", recorded("instance_collector:dbsync_collector_success:failed")), "{{instance}} {{collector}}"})
}

func collectorDurationTrend(l Lang) dash.Panel {
	return graph(about{
		id: 22, title: l.T("Time of collectors, ten slowest", "采集器耗时（最慢的十个）"),
		description: l.T(
			"How long the newest run of each collector took, above a twentieth of a second. Those that run in the background do not slow a scrape.",
			"各采集器最近一次运行的耗时（仅 0.05 秒以上）。后台采集器不会拖慢采集。"),
		noValue: l.T("none takes 0.05 s", "均不足 0.05 秒"), links: ofSeries(l, MonitoringUID),
	}, secondsUnit, nil, series{
		top(10, maxBy("instance, collector", recorded("instance_collector:dbsync_collector_duration_seconds:slow"))), "{{instance}} {{collector}}",
	})
}

func stalenessTrend(l Lang) dash.Panel {
	return graph(about{
		id: 23, title: l.T("Age of background data, ten oldest", "后台数据时效（最旧的十个）"),
		description: l.T(
			"Age of what background collectors serve, in their own intervals. 1 is usual; at the line, 3, snapshot_stale warns.",
			"后台采集器数据的时效，以其周期为单位。1 属正常；达到虚线 3 时 snapshot_stale 警告。"),
		noValue: noExporter(l), alerts: []string{"SnapshotStale"}, links: ofSeries(l, MonitoringUID),
	}, shortUnit, levels(green, level{snapshotsLate, orange}), series{top(10, staleness()), "{{instance}} {{collector}}"})
}

func skippedTable(l Lang) dash.Panel {
	return table(about{
		id: 24, title: l.T("Not collected", "未采集"),
		description: l.T(
			"What does not apply to a server, and why. Unprivileged: docs/grants.md has the GRANT. Unconfigured: the configuration names nothing for it. "+
				"Unsupported: this server or version lacks it. Rules that need it are disarmed.",
			"不适用于某数据库的采集器及原因。unprivileged：所需 GRANT 见 docs/grants.md；unconfigured：配置中未指定；unsupported：该数据库或版本不支持。依赖它的规则不会触发。"),
		noValue: l.T("everything applies", "全部适用"), alerts: []string{"RuleDisarmed"},
	}, ascending(l.T("Instance", "实例")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MonitoringUID, MySQLUID)},
		column{label: "collector", title: l.T("Collector", "采集器")},
		column{label: "reason", title: l.T("Reason", "原因")},
		column{hidden: true, expr: maxBy("instance, collector, reason", metric("dbsync_collector_skipped")) + " == 1"},
	)
}

func collectorTable(l Lang) dash.Panel {
	return table(about{
		id: 25, title: l.T("Collectors", "采集器"),
		description: l.T(
			"Over the picked servers: on how many a collector runs, on how many it fails, how long the slowest run took, and what it dropped. A panic "+
				"fails one collector alone and is a bug: please report it with the exporter's log.",
			"所选数据库中每个采集器的运行数、失败数、最慢耗时与被省略的序列。崩溃只影响单个采集器，属于缺陷：请附导出器日志报告。"),
		noValue: noExporter(l),
	}, descending(l.T("Slowest", "最慢")),
		column{label: "collector", title: l.T("Collector", "采集器")},
		column{title: l.T("Runs on", "运行数"), unit: countUnit, expr: "count by (collector) (" + metric("dbsync_collector_success") + ")"},
		column{title: l.T("Fails on", "失败数"), unit: countUnit,
			expr:       "count by (collector) (" + metric("dbsync_collector_success") + " == 0)",
			thresholds: levels("text", level{1, orange})},
		column{title: l.T("Slowest", "最慢"), unit: secondsUnit, expr: maxBy("collector", metric("dbsync_collector_duration_seconds"))},
		column{title: l.T("Panics/s", "每秒崩溃"), unit: eventsUnit, expr: sumBy("collector", perSecond("dbsync_collector_panics_total"))},
		column{title: l.T("Left out", "被省略"), unit: countUnit, expr: sumBy("collector", metric("dbsync_series_dropped")),
			thresholds: levels("text", level{1, orange})},
		column{title: l.T("Given twice", "重复"), unit: countUnit, expr: sumBy("collector", metric("dbsync_duplicate_series_dropped")),
			thresholds: levels("text", level{1, orange})},
	)
}

func connectErrorTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 26, title: l.T("Why the exporter is not in", "导出器无法登录的原因"),
		description: l.T(
			"The reason while the exporter could not log in and query. unreachable and timeout are the server's; access_denied, tls and "+
				"unverified_server the monitor's own; too_many_connections hits clients as well.",
			"导出器无法登录查询期间的原因。unreachable 与 timeout 属于数据库；access_denied、tls、unverified_server 属于监控自身；too_many_connections 客户端同样受影响。"),
		noValue: l.T("it was in all the time", "一直正常登录"), alerts: []string{"MySQLDown", "MySQLTooManyConnections", "MySQLLoginFailing"},
		links: ofSeries(l, MySQLUID),
	}, states(state{"1", l.T("✖ not in", "✖ 无法登录"), vermilion}),
		series{maxBy("instance, reason", recorded("instance_reason:dbsync_connect_error:active")), "{{instance}} {{reason}}"})
}

func configurationTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 28, title: l.T("Configurations", "配置状态"),
		description: l.T(
			"Whether the exporters, Prometheus and Alertmanager run with their newest configuration. Refused: they go on with the old one, and what was "+
				"changed does not hold, silently but for this.",
			"导出器、Prometheus 与 Alertmanager 是否在使用最新配置。被拒绝时沿用旧配置，改动不生效，且只有此处可见。"),
		noValue: noExporter(l),
		alerts:  []string{"ExporterConfigReloadFailed", "PrometheusConfigReloadFailed", "AlertmanagerConfigReloadFailed"},
	}, states(
		state{"0", l.T("▲ refused", "▲ 被拒绝"), orange},
		state{"1", l.T("✔ in force", "✔ 已生效"), green},
	),
		series{perInstance(metric("dbsync_config_last_reload_successful")), "{{instance}}"},
		series{perInstance("prometheus_config_last_reload_successful"), "Prometheus {{instance}}"},
		series{perInstance("alertmanager_config_last_reload_successful"), "Alertmanager {{instance}}"},
	)
}

func droppedTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 27, title: l.T("Series left out", "被省略的序列"),
		description: l.T(
			"Series beyond their cap, by collector: some tables, users or histories are not shown. A step up came with whatever was created then.",
			"各采集器超出上限而未输出的序列：部分表、用户或历史未显示。跳升与当时新建的对象有关。"),
		noValue: l.T("none is left out", "没有被省略的序列"), links: ofSeries(l, MonitoringUID),
	}, countUnit, nil,
		series{sumBy("collector", recorded("instance_collector:dbsync_series_dropped:some")), "{{collector}}"},
	))
}

func exporterCPUTrend(l Lang) dash.Panel {
	return graph(about{
		id: 31, title: l.T("CPU of the exporter", "导出器 CPU"),
		description: l.T("CPUs that the exporter keeps busy. A hundredth of one is usual for one server scraped every 10 seconds.",
			"导出器占用的 CPU。每 10 秒采集一台数据库时通常为百分之一核。"),
		noValue: noExporter(l), links: ofSeries(l, MonitoringUID),
	}, shortUnit, nil, series{rate("process_cpu_seconds_total"), "{{instance}}"})
}

func exporterMemoryTrend(l Lang) dash.Panel {
	return graph(about{
		id: 32, title: l.T("Memory of the exporter", "导出器内存"),
		description: l.T("Resident memory. It should be level: a climb over days is a leak, please report it.",
			"常驻内存，应保持平稳：连续数日上升是泄漏，请报告。"),
		noValue: noExporter(l), links: ofSeries(l, MonitoringUID),
	}, bytesUnit, nil, series{perInstance(metric("process_resident_memory_bytes")), "{{instance}}"})
}

func exporterErrorsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 33, title: l.T("Requests that the exporter refused", "导出器拒绝的请求"),
		description: l.T(
			"Answers with an error per second, by status code. 400 is a target or collector that it does not know, 401 a client without login, "+
				"503 too many scrapes at once.",
			"每秒返回错误的请求（按状态码）。400 为未知目标或采集器，401 为未登录客户端，503 为同时采集过多。"),
		noValue: l.T("none in this time", "该时段没有"), links: ofSeries(l, MonitoringUID),
	}, eventsUnit, nil, series{sumBy("instance, code", perSecond("dbsync_exporter_http_errors_total")), "{{instance}} {{code}}"})
}

func noPrometheus(l Lang) string {
	return l.T("Prometheus does not scrape itself", "Prometheus 未采集自身")
}

func headSeriesTrend(l Lang) dash.Panel {
	return graph(about{
		id: 41, title: l.T("Series in Prometheus", "Prometheus 中的序列"),
		description: l.T("Series that are being written, of everything it scrapes. Each takes some kilobytes of memory: a jump is a new label or target.",
			"正在写入的序列总数，每条占用数 KB 内存：跳升来自新的标签或目标。"),
		noValue: noPrometheus(l),
	}, shortUnit, nil, series{"max by (instance) (prometheus_tsdb_head_series)", "{{instance}}"})
}

func ingestTrend(l Lang) dash.Panel {
	return graph(about{
		id: 42, title: l.T("Samples per second", "每秒样本"),
		description: l.T("Samples that Prometheus stores per second. The disk for 90 days is about 1.5 bytes times this times 7.8 million.",
			"Prometheus 每秒存储的样本。90 天所需磁盘约为该值乘 780 万再乘 1.5 字节。"),
		noValue: noPrometheus(l),
	}, shortUnit, nil, series{"max by (instance) (rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval]))", "{{instance}}"})
}

func ruleDurationTrend(l Lang) dash.Panel {
	return graph(about{
		id: 43, title: l.T("Rule groups, share of their interval", "规则组耗时占周期"),
		description: l.T(
			"How much of its interval the evaluation of each rule group takes, the ten slowest. Near 100 % evaluations are skipped and alerts come late.",
			"各规则组执行耗时占其周期的比例（最慢的十个）。接近 100% 时会跳过执行，告警延迟。"),
		noValue: noPrometheus(l), alerts: []string{"PrometheusRuleFailures"},
	}, ratioUnit, nil, series{
		top(10, "max by (rule_group) (prometheus_rule_group_last_duration_seconds / (prometheus_rule_group_interval_seconds > 0))"), "{{rule_group}}",
	})
}
