// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func noReplica(l Lang) string {
	return l.T("no picked server is a replica", "所选数据库都不是从库")
}

func ofChannel(name string, more ...string) string {
	return maxBy("instance, channel", metric(name, more...))
}

func replicationTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 51, title: l.T("Replication threads", "复制线程"),
		description: l.T(
			"Whether each channel receives and applies. Not receiving: the network, the source or the account. Not applying: a statement that "+
				"failed on the replica, whose error the table below names; data grows stale until somebody repairs it.",
			"每个通道是否在接收与应用。未接收：网络、主库或账号问题。未应用：某语句在从库执行失败，错误码见下表，修复前数据持续变旧。"),
		noValue: noReplica(l), alerts: []string{"MySQLReplicationStopped"}, links: ofSeries(l, MySQLUID),
	}, states(
		state{"0", l.T("✖ stopped", "✖ 已停止"), vermilion},
		state{"1", l.T("▲ not applying", "▲ 未应用"), orange},
		state{"2", l.T("▲ not receiving", "▲ 未接收"), orange},
		state{"3", l.T("✔ running", "✔ 运行中"), green},
	), series{
		maxBy("instance, channel", recorded("instance_channel:dbsync_replication_threads:sum")),
		"{{instance}} {{channel}}",
	})
}

func channelTable(l Lang) dash.Panel {
	running := states(
		state{"0", l.T("✖ stopped", "✖ 已停止"), vermilion},
		state{"1", l.T("✔ running", "✔ 运行中"), green},
	)
	return table(about{
		id: 53, title: l.T("Replication channels", "复制通道"),
		description: l.T(
			"One line per channel. An error number is what stopped the thread or keeps it from connecting; SHOW REPLICA STATUS has the text. "+
				"An empty lag with running threads is a source that cannot be reached.",
			"每个通道一行。错误码说明线程停止或无法连接的原因，文本见 SHOW REPLICA STATUS。线程运行而延迟为空，说明主库不可达。"),
		noValue: noReplica(l), alerts: []string{"MySQLReplicationStopped", "MySQLReplicationLag"},
	}, descending(l.T("Lag", "延迟")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MySQLUID)},
		column{label: "channel", title: l.T("Channel", "通道")},
		column{label: "host", title: l.T("Source", "主库")},
		column{label: "gtid", title: "GTID"},
		column{hidden: true, expr: maxBy("instance, channel, host, gtid", metric("dbsync_replication_source_info"))},
		column{title: l.T("Receiving", "接收"), expr: ofChannel("dbsync_replication_io_running"), mappings: running},
		column{title: l.T("Applying", "应用"), expr: ofChannel("dbsync_replication_sql_running"), mappings: running},
		column{title: l.T("Lag", "延迟"), unit: secondsUnit, expr: replicationLag(),
			thresholds: levels("text", level{replicationLagWarning, orange})},
		column{title: l.T("Wanted delay", "有意延迟"), unit: secondsUnit, expr: ofChannel("dbsync_replication_delay_seconds")},
		column{title: l.T("Receiver's error", "接收错误码"), unit: countUnit,
			expr:       ofChannel("dbsync_replication_last_error_code", `thread="io"`),
			thresholds: levels("text", level{1, vermilion})},
		column{title: l.T("Applier's error", "应用错误码"), unit: countUnit,
			expr:       ofChannel("dbsync_replication_last_error_code", `thread="sql"`),
			thresholds: levels("text", level{1, vermilion})},
	)
}

func binlogTrend(l Lang) dash.Panel {
	return graph(about{
		id: 54, title: l.T("Transactions that spilled from the binary log's cache", "溢出二进制日志缓存的事务"),
		description: l.T(
			"Transactions per second too large for binlog_cache_size, which go through a temporary file. Some are mass changes; a steady rate slows "+
				"commits and makes replicas lag: split the transactions or enlarge the cache.",
			"每秒超过 binlog_cache_size 而写入临时文件的事务数。少量来自批量修改；持续出现会拖慢提交并造成从库延迟：拆分事务或增大缓存。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{perInstance(recordedRate("mysql_global_status_binlog_cache_disk_use")), "{{instance}}"})
}
