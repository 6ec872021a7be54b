// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Monitoring answers "can I believe the other boards?": what is not collected,
// what is stale, what a scrape costs.
func Monitoring(l Lang) dash.Dashboard {
	d := frame(l, MonitoringUID,
		l.T("Whether the figures on the other boards can be trusted: scrapes, collectors, what is skipped or stale, and what it all costs.",
			"其他仪表板的数据是否可信：采集、采集器、跳过与过期的数据，以及代价。"))
	d.Panels = stack(
		figures(monitoringFigures(l)...),
		heading(10, l.T("Scrapes", "采集")),
		graphs(targetsTimeline(l), scrapeDurationTrend(l), scrapeSamplesTrend(l)),
		heading(20, l.T("Collectors", "采集器")),
		graphs(failingTimeline(l), collectorDurationTrend(l), stalenessTrend(l)),
		graphs(skippedTable(l), collectorTable(l)),
		graphs(connectErrorTimeline(l), configurationTimeline(l), droppedTrend(l)),
		heading(30, l.T("What it costs", "资源开销")),
		graphs(exporterCPUTrend(l), exporterMemoryTrend(l), exporterErrorsTrend(l)),
		heading(40, l.T("Prometheus", "Prometheus 自身")),
		graphs(headSeriesTrend(l), ingestTrend(l), ruleDurationTrend(l)),
	)
	return d
}

func noExporter(l Lang) string {
	return l.T("no exporter is scraped", "未采集导出器")
}

// someCollectors counts what an expression returns, and is 0 when it returns
// nothing although collectors run.
func someCollectors(expr string) string {
	return "count(" + expr + ") or 0 * count(" + metric("dbsync_collector_duration_seconds") + ")"
}

func monitoringFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		stat(about{
			id: 1, title: l.T("Targets down", "不可达目标"),
			description: l.T("Targets that Prometheus cannot scrape: nothing of them is known. Look at the exporter's service and the network between.",
				"Prometheus 无法采集的目标数：其状态完全未知。检查导出器服务与网络。"),
			noValue: noExporter(l), alerts: []string{"ExporterDown", "ExporterMissing", "TargetVanished", "SeriesVanished"},
		}, countUnit, "count("+metric("up")+" == 0) or 0 * count("+metric("up")+")", levels(green, level{1, vermilion}), nil),
		stat(about{
			id: 2, title: l.T("Longest scrape", "最长采集"),
			description: l.T("Time of the slowest newest scrape. The exporter answers before the timeout with what it has; near it, parts are missing.",
				"最近一次采集中最慢者的耗时。导出器会在超时前返回已有数据；接近超时则部分缺失。"),
			noValue: noExporter(l),
		}, secondsUnit, "max("+metric("scrape_duration_seconds")+")", levels(green, level{5, orange}), nil),
		stat(about{
			id: 3, title: l.T("Collectors failing", "失败的采集器"),
			description: l.T("Collectors whose newest run failed: their metrics are missing. The exporter's landing page shows the error.",
				"最近一次运行失败的采集器数：其指标缺失。错误见导出器首页。"),
			noValue: noExporter(l), alerts: []string{"CollectorFailing"},
		}, countUnit, someCollectors(metric("dbsync_collector_success")+" == 0"), levels(green, level{1, orange}), nil),
		stat(about{
			id: 4, title: l.T("Sources failing", "失败的数据源"),
			description: l.T("Histories, backups, logs that could not be read. The others of the same collector are served.",
				"无法读取的历史、备份或日志数。同一采集器的其他数据源不受影响。"),
			noValue: noExporter(l), alerts: []string{"SourceFailing"},
		}, countUnit, someCollectors(metric("dbsync_source_success")+" == 0"), levels(green, level{1, orange}), nil),
		stat(about{
			id: 5, title: l.T("Stale", "过期"),
			description: l.T("Background collectors whose data is older than three of their intervals: what the boards show of them is the past.",
				"数据超过三个周期未更新的后台采集器数：仪表板上显示的是过去的数据。"),
			noValue: noExporter(l), alerts: []string{"SnapshotStale"},
		}, countUnit, someCollectors(staleness()+" > 3"), levels(green, level{1, orange}), nil),
		stat(about{
			id: 6, title: l.T("Series left out", "被省略的序列"),
			description: l.T("Series beyond the cap of their family. Nothing is wrong with the server; some of its tables, users or histories are not shown.",
				"超出上限而未输出的序列数。数据库本身没有问题，只是部分表、用户或历史未显示。"),
			noValue: noExporter(l),
		}, countUnit, "sum("+metric("dbsync_series_dropped")+")", levels(green, level{1, orange}), nil),
		stat(about{
			id: 7, title: l.T("Configuration", "配置"),
			description: l.T("Whether the exporters run with the newest configuration file. Refused: `dbsync_exporter --config.check` names the line.",
				"导出器是否在使用最新的配置文件。被拒绝时用 `dbsync_exporter --config.check` 查看出错的行。"),
			noValue: noExporter(l), alerts: []string{"ExporterConfigReloadFailed"},
		}, countUnit, "min("+metric("dbsync_config_last_reload_successful")+")", levels(grey), states(
			state{"0", l.T("▲ refused", "▲ 被拒绝"), orange},
			state{"1", l.T("✔ in force", "✔ 已生效"), green},
		)),
		stat(about{
			id: 8, title: l.T("Maintenance", "维护窗口"),
			description: l.T("Servers in a maintenance window, whose alerts are held back on purpose.", "处于维护窗口、告警被有意抑制的数据库数。"),
			noValue:     noExporter(l),
		}, countUnit, "sum("+perInstance(metric("dbsync_maintenance_active"))+")", levels(green, level{1, blue}), nil),
	}
}
