// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func sessionsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 12, title: l.T("Sessions that work", "执行中的会话"),
		description: l.T(
			"Connections that execute a statement right now (Threads_running). More than the machine has CPUs for long means that statements "+
				"queue: for CPU, disk or a lock.",
			"正在执行语句的连接数（Threads_running）。长时间超过 CPU 核数，说明语句在排队等待 CPU、磁盘或锁。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, countUnit, nil, series{perInstance(metric("mysql_global_status_threads_running")), "{{instance}}"})
}

func refusedTrend(l Lang) dash.Panel {
	return graph(about{
		id: 13, title: l.T("Refused and broken connections", "被拒绝与中断的连接"),
		description: l.T(
			"Per second, all picked servers together. Refused by reason: 'max_connections' is a full server. Failed attempts: wrong passwords, "+
				"scans, health checks that do not log in. Broken: clients that died or idled beyond wait_timeout.",
			"所选数据库合计，每秒次数。被拒绝（按原因）：max_connections 表示连接已满。尝试失败：密码错误、扫描或不登录的健康检查。中断：客户端异常退出或空闲超过 wait_timeout。"),
		noValue: noServer(l), alerts: []string{"MySQLTooManyConnections", "MySQLAbortedConnections"},
	}, eventsUnit, nil,
		series{sumBy("error", recorded("instance_error:mysql_global_status_connection_errors:rate5m")), l.T("refused: {{error}}", "拒绝：{{error}}")},
		series{"sum(" + recordedRate("mysql_global_status_aborted_connects") + ")", l.T("failed attempts", "尝试失败")},
		series{"sum(" + recordedRate("mysql_global_status_aborted_clients") + ")", l.T("broken", "中断")},
	)
}

func sessionsByCommand(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 14, title: l.T("Sessions by what they do", "会话状态分布"),
		description: l.T(
			"Sessions of all picked servers by command. Sleep is an idle pool; a growing Query band is work that does not end; "+
				"Binlog Dump are replicas that follow.",
			"所选数据库的会话按命令分布。Sleep 为空闲连接；Query 持续增多说明语句不结束；Binlog Dump 为从库。"),
		noValue: noProcesslist(l),
	}, countUnit, nil, series{sumBy("command", recorded("instance_command:mysql_processlist_threads:sum")), "{{command}}"}))
}

func sessionsByAccount(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 15, title: l.T("Sessions by account, ten largest", "各账号的会话数（前十）"),
		description: l.T(
			"Who holds the connections, over all picked servers. The account that grows while the limit nears is the leak or the scaled-out "+
				"service: lower its pool before raising max_connections.",
			"连接由谁占用（所选数据库合计）。接近上限时仍在增长的账号就是泄漏者或扩容的服务：先调小其连接池，再考虑调大 max_connections。"),
		noValue: noProcesslist(l), alerts: []string{"DatabaseConnectionsHigh"},
	}, countUnit, nil,
		series{top(10, sumBy("mysql_user", recorded("instance_user:mysql_processlist_sessions:last"))), "{{mysql_user}}"}))
}

func noProcesslist(l Lang) string {
	return l.T("collector mysql.processlist is off or lacks PROCESS", "采集器 mysql.processlist 未启用或缺少 PROCESS 权限")
}
