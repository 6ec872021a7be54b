// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func connectionsTrend(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Connections used", "连接数趋势"),
		description: l.T(
			"Open connections of max_connections. The lines are the alert levels: 80 % warns, 95 % is critical. A saw-tooth is a pool "+
				"that is recycled; a staircase that never comes down is a leak.",
			"已打开连接占 max_connections 的比例。虚线为告警线：80% 警告，95% 危险。锯齿形为连接池回收；只升不降的阶梯形为连接泄漏。"),
		noValue: noServer(l),
		alerts:  []string{"DatabaseConnectionsHigh", "MySQLConnectionsGrowing"}, links: ofSeries(l, MySQLUID),
	}, ratioUnit, levels(green, level{connectionsWarning, orange}, level{connectionsCritical, vermilion}),
		series{connectionsUsed(), "{{instance}}"})
}

func queriesTrend(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Statements per second", "每秒语句数"),
		description: l.T(
			"Statements that clients sent (Questions). A drop to nothing with the server up is an application that is gone; "+
				"a step up with the same load is usually a lost cache.",
			"客户端发送的语句数（Questions）。服务器在线而语句数归零，说明应用断开；负载不变而突增，通常是缓存失效。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{statementsRate(), "{{instance}}"})
}

func queryTimeTrend(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Mean query time", "平均查询时间趋势"),
		description: l.T(
			"Time per statement over all schemas, from the statement digests. The line is where query_performance_degraded alerts. "+
				"A mean hides the tail: a few very slow statements among many fast ones barely move it.",
			"所有库的平均语句耗时，来自语句摘要。虚线为 query_performance_degraded 的告警线。平均值会掩盖长尾：少量极慢语句对它影响很小。"),
		noValue: noDigests(l), alerts: []string{"QueryPerformanceDegraded"}, links: ofSeries(l, MySQLUID),
	}, secondsUnit, levels(green, level{queryTimeWarning, orange}),
		series{meanQueryTime(), "{{instance}}"})
}

func replicationLagTrend(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Replication lag", "复制延迟"),
		description: l.T(
			"How far each replica is behind its source, less the delay that it keeps on purpose; the dashed line is where mysql_replication_lag "+
				"alerts. A line that ends is a replica whose lag is unknown, because one of its threads stopped: that is worse than a high line.",
			"每个从库落后主库的时间（已扣除有意设置的延迟），虚线为 mysql_replication_lag 的告警线。曲线中断表示复制线程停止、延迟未知，比延迟高更严重。"),
		noValue: l.T("no replica, or none whose lag is known", "没有从库，或延迟未知"),
		alerts:  []string{"MySQLReplicationLag", "MySQLReplicationStopped"}, links: ofSeries(l, MySQLUID),
	}, secondsUnit, levels(green, level{replicationLagWarning, orange}),
		series{replicationLag(), "{{instance}} {{channel}}"})
}

// replicationLag is what a channel is behind without wanting to be, as the rule
// mysql_replication_lag counts it.
func replicationLag() string {
	return maxBy("instance, channel", recorded("instance_channel:dbsync_replication_lag_seconds:unwanted"))
}

func backupSizeTrend(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Backup size", "备份大小趋势"),
		description: l.T(
			"Size of the newest good backup. It should grow with the data: a fall by half is a backup that stopped early or lost a schema, "+
				"even if its tool reported success.",
			"最近一次成功备份的大小，应随数据增长。若骤减一半，即使工具报告成功，也可能是备份提前结束或缺库。"),
		noValue: noBackups(l),
	}, bytesUnit, nil, series{perBackup(metric("dbsync_backup_last_success_size_bytes")), "{{instance}} {{backup}}"})
}

func backupAgeTrend(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Age of the newest good backup", "最近成功备份的时效"),
		description: l.T(
			"Age of the newest good backup as a share of the age at which backup_failure alerts, which follows from the interval that the "+
				"configuration promises. It climbs and falls with every backup; at 100 % the backup is overdue, and that much work would be lost now.",
			"最近一次成功备份的时长占 backup_failure 告警时长的比例（由配置承诺的间隔推出）。正常时随每次备份升降；达到 100% 即逾期，此刻故障将丢失相应时长的数据。"),
		noValue: l.T("no good backup, or none with an expected_interval", "没有成功的备份，或未配置 expected_interval"),
	}, ratioUnit, levels(green, level{backupOverdue, orange}),
		series{backupAge(), "{{instance}} {{backup}}"})
}

// backupAge is 1 where the rule backup_failure begins to call a backup overdue.
func backupAge() string { return perBackup(recorded("instance_backup:dbsync_backup_age:ratio")) }

// perBackup gives one value per configured backup.
func perBackup(selector string) string {
	return "max by (instance, backup) (" + selector + ")"
}

func noBackups(l Lang) string {
	return l.T("no backup is configured or none was good yet", "未配置备份，或尚无成功备份")
}
