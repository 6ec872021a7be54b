// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// quantile is a recorded quantile of the statements' durations, per server.
func quantile(name string) string {
	return perInstance(recorded("instance:dbsync_mysql_statement_seconds:" + name))
}

func noHistogram(l Lang) string {
	return l.T("needs performance_schema, or query_response_time on MariaDB", "需要 performance_schema，MariaDB 需要 query_response_time 插件")
}

func quantilesTrend(l Lang) dash.Panel {
	return graph(about{
		id: 23, title: l.T("Statement time, 95 % and 99 %", "语句耗时 p95 与 p99"),
		description: l.T(
			"Time that 95 and 99 of 100 statements stay under, from the server's own histogram. A 99 % line that leaves the mean far below is a "+
				"minority that waits: compare with locks and disk latency at the same moment.",
			"95% 与 99% 的语句不超过的耗时，来自数据库自身的直方图。p99 远高于平均值说明少数语句在等待：对照同一时刻的锁与磁盘延迟。"),
		noValue: noHistogram(l), links: ofSeries(l, MySQLUID),
	}, secondsUnit, nil,
		series{quantile("p95"), "{{instance}} 95 %"},
		series{quantile("p99"), "{{instance}} 99 %"},
	)
}

func slowQueriesTrend(l Lang) dash.Panel {
	return graph(about{
		id: 24, title: l.T("Slow statements", "慢语句"),
		description: l.T(
			"Statements per second that took longer than long_query_time, the slow log on or off. A burst with steady load: a lost index, a changed "+
				"plan, or everything waiting for one lock.",
			"每秒超过 long_query_time 的语句数（与是否开启慢日志无关）。负载不变而突增：索引丢失、执行计划改变，或都在等同一把锁。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{perInstance(recordedRate("mysql_global_status_slow_queries")), "{{instance}}"})
}

func commandsTrend(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 25, title: l.T("Statements by kind, ten busiest", "各类语句（最繁忙的十种）"),
		description: l.T(
			"Statements per second by kind, over all picked servers. It shows which side of the application changed: more selects than before for the "+
				"same inserts is a cache or a loop, alter_table is a migration.",
			"所选数据库每秒各类语句数。可看出应用哪一侧发生变化：insert 不变而 select 变多是缓存或循环问题，alter_table 是迁移。"),
		noValue: noServer(l),
	}, opsUnit, nil,
		series{top(10, sumBy("command", recorded("instance_command:mysql_global_status_commands:rate5m"))), "{{command}}"}))
}

func schemaLoadTrend(l Lang) dash.Panel {
	return graph(about{
		id: 26, title: l.T("Load by schema, ten busiest", "各库负载（最繁忙的十个）"),
		description: l.T(
			"Seconds of statement time per second: how many statements of the schema were at work on average, waits included. "+
				"The schema that rises with the mean query time is where to look.",
			"每秒的语句时间（秒），即该库平均同时执行的语句数，含等待。随平均查询时间一起上升的库就是要查的库。"),
		noValue: noDigests(l), links: ofSeries(l, MySQLUID),
	}, shortUnit, nil,
		series{top(10, sumBy("instance, schema", recorded("instance_schema:dbsync_mysql_statement_seconds:rate5m"))), "{{instance}} {{schema}}"})
}

func schemaTable(l Lang) dash.Panel {
	perSchema := func(name string) string { return sumBy("instance, schema", perSecond(name)) }
	statements := perSchema("dbsync_mysql_statements_total")
	return table(about{
		id: 27, title: l.T("Statements by schema", "各库语句"),
		description: l.T(
			"Statements by the session's default schema; an empty name is sessions without one. Many rows examined per statement is a missing index; "+
				"errors are often the application's own (duplicates, deadlocks).",
			"按会话默认库统计，空名称为未选择库的会话。每条语句检查行数过多说明缺少索引；错误常由应用自身引起（重复键、死锁）。"),
		noValue: noDigests(l),
	}, descending(l.T("Load", "负载")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{title: l.T("Statements/s", "每秒语句"), unit: opsUnit, expr: statements},
		column{title: l.T("Load", "负载"), unit: shortUnit, expr: perSchema("dbsync_mysql_statement_seconds_total")},
		column{title: l.T("Mean time", "平均耗时"), unit: secondsUnit,
			expr:       ratio(perSchema("dbsync_mysql_statement_seconds_total"), statements),
			thresholds: levels("text", level{queryTimeWarning, orange})},
		column{title: l.T("Slowest ever", "历史最慢"), unit: secondsUnit,
			expr: maxBy("instance, schema", metric("dbsync_mysql_statement_max_seconds"))},
		column{title: l.T("Errors/s", "每秒错误"), unit: opsUnit, expr: perSchema("dbsync_mysql_statement_errors_total")},
		column{title: l.T("Rows per statement", "每条检查行数"), unit: shortUnit,
			expr: ratio(perSchema("dbsync_mysql_statement_rows_examined_total"), statements)},
	)
}
