// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func errorLogTrend(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 61, title: l.T("Messages in the error log", "错误日志消息"),
		description: l.T(
			"Messages per second that the servers wrote to their error logs, by priority. MySQL 8.0.22 and later tell it by themselves; for MariaDB "+
				"and older ones name the file under logs: in the exporter's configuration and see the board 'API gateway and logs'.",
			"数据库每秒写入错误日志的消息数，按级别。MySQL 8.0.22 起自身提供；MariaDB 与更早版本请在导出器配置的 logs: 下指定文件，并查看“API 网关与日志”。"),
		noValue: l.T("only MySQL 8.0.22 and later have it", "仅 MySQL 8.0.22 及以后提供"), links: onBoard(APIUID, title(l, APIUID)),
	}, eventsUnit, nil,
		series{sumBy("priority", recorded("instance_priority:dbsync_mysql_error_log_messages:rate5m")), "{{priority}}"}))
}

func slowLogTrend(l Lang) dash.Panel {
	return graph(about{
		id: 62, title: l.T("Slow query log by schema, ten slowest", "慢查询日志（最慢的十个库）"),
		description: l.T(
			"Seconds per second that the statements in the slow query log took. Needs the log's file under logs: in the exporter's configuration, "+
				"with format slow.",
			"慢查询日志中语句每秒的耗时（秒）。需要在导出器配置的 logs: 下指定该文件，格式为 slow。"),
		noValue: l.T("no slow query log is configured", "未配置慢查询日志"), links: ofSeries(l, MySQLUID),
	}, shortUnit, nil,
		series{top(10, sumBy("instance, schema", recorded("instance_schema:dbsync_slow_log_query_seconds:rate5m"))), "{{instance}} {{schema}}"})
}
