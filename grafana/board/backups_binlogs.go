// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func noArchive(l Lang) string {
	return l.T("no archive of binary logs is configured", "未配置二进制日志归档")
}

// recoveryTable tells source by source how far each backup reaches.
func recoveryTable(l Lang) dash.Panel {
	const until = "dbsync_backup_recoverable_until_timestamp_seconds"
	lost := func(source string) string { return perBackup(age(metric(until, `source="`+source+`"`))) }
	with := func(en, zh, source string) column {
		return column{title: l.T(en, zh), unit: secondsUnit, expr: lost(source)}
	}
	return table(about{
		id: 51, title: l.T("What would be lost, by what is left", "按可用来源计算的丢失量"),
		description: l.T(
			"Time since the newest moment that can be restored: from the backups alone, with the archived binary logs, and with those that only the "+
				"server has, if its disk survives. A column without a value: it does not reach from the backup on.",
			"距可恢复的最新时刻的时间：仅凭备份、加上已归档的二进制日志、以及服务器磁盘完好时加上其自身日志。空白表示无法从备份衔接。"),
		noValue: noBackups(l), alerts: []string{"RecoverablePointTooOld"},
	}, ascending(l.T("With the archive", "加上归档")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, BackupsUID, MySQLUID)},
		column{label: "backup", title: l.T("Backup", "备份")},
		with("Backup alone", "仅备份", "backup"),
		with("With the archive", "加上归档", "archive"),
		with("With the server", "加上服务器日志", "server"),
		column{title: l.T("Of the promise", "占承诺"), unit: ratioUnit,
			expr: ratio(perBackup(recorded("instance_backup:dbsync_backup_recovery_point_seconds:max")),
				perBackup(metric("dbsync_backup_expected_recovery_point_seconds"))),
			thresholds: levels("text", level{promiseBroken, orange})},
		column{title: l.T("Knows its place", "含日志位置"), expr: minBy("instance, backup", metric("dbsync_backup_position_known")), mappings: states(
			state{"0", l.T("▲ by time only", "▲ 仅按时间"), orange},
			state{"1", l.T("✔ yes", "✔ 是"), green},
		)},
	)
}

func recoveryTrend(l Lang) dash.Panel {
	return graph(about{
		id: 52, title: l.T("What would have been lost", "故障将丢失的数据量"),
		description: l.T(
			"Over time, with the backups and the archived binary logs. With an archive that keeps up it stays near nothing; a saw of a day's height "+
				"is a backup without binary logs; a climb is an archive that stands still.",
			"凭备份与已归档日志，随时间的变化。归档及时则接近于零；一天高的锯齿表示只有备份没有日志；持续上升说明归档已停。"),
		noValue: noBackups(l), alerts: []string{"RecoverablePointTooOld"}, links: ofSeries(l, BackupsUID),
	}, secondsUnit, nil, series{perBackup(recorded("instance_backup:dbsync_backup_recovery_point_seconds:max")), backupLegend})
}

func archiveLagTrend(l Lang) dash.Panel {
	return graph(about{
		id: 53, title: l.T("Binary logs not archived yet", "未归档的二进制日志"),
		description: l.T(
			"What the server has and the archive lacks. A copy of finished logs is behind by the open one, a stream by nothing; a line that only climbs "+
				"is an archiving that has stopped.",
			"服务器上有而归档中没有的字节数。拷贝已完成的日志会落后当前文件，流式归档则为零；只升不降说明归档已停。"),
		noValue: noArchive(l), links: ofSeries(l, BackupsUID),
	}, bytesUnit, nil, series{
		maxBy("instance, archive", recorded("instance_archive:dbsync_binlog_archive_lag_bytes:max")), "{{instance}} {{archive}}",
	})
}

func archiveTable(l Lang) dash.Panel {
	perArchive := func(expr string) string { return maxBy("instance, archive", expr) }
	files := func(states string) string {
		return sumBy("instance, archive", metric("dbsync_binlog_archive_files", `state=~"`+states+`"`))
	}
	return table(about{
		id: 54, title: l.T("Archives of binary logs", "二进制日志归档"),
		description: l.T(
			"The unbroken part at the end of each archive, and what is missing in it. Logs that are missing or bad cut every older backup off from "+
				"what comes after them.",
			"各归档末尾连续部分的时间范围及缺失情况。缺失或损坏的日志会使更早的备份无法越过它们。"),
		noValue: noArchive(l), alerts: []string{"BinlogArchiveGap"},
	}, ascending(l.T("Newest event", "最新事件")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, BackupsUID, MySQLUID)},
		column{label: "archive", title: l.T("Archive", "归档")},
		column{title: l.T("Unbroken since", "连续自"), unit: agoUnit, expr: millis(perArchive(metric("dbsync_binlog_archive_first_event_timestamp_seconds")))},
		column{title: l.T("Newest event", "最新事件"), unit: agoUnit, expr: millis(perArchive(metric("dbsync_binlog_archive_last_event_timestamp_seconds")))},
		column{title: l.T("Logs", "文件数"), unit: countUnit, expr: files("complete|open|encrypted|unread")},
		column{title: l.T("Bad", "损坏"), unit: countUnit, expr: files("cut|foreign"), thresholds: levels("text", level{1, orange})},
		column{title: l.T("Missing", "缺失"), unit: countUnit, expr: sumBy("instance, archive", metric("dbsync_backup_binlog_archive_gap")),
			thresholds: levels("text", level{1, vermilion})},
		column{title: l.T("Behind", "落后"), unit: bytesUnit, expr: perArchive(metric("dbsync_binlog_archive_lag_bytes"))},
		column{title: l.T("Logs behind", "落后文件数"), unit: countUnit, expr: perArchive(metric("dbsync_binlog_archive_lag_files"))},
		column{title: l.T("Size", "大小"), unit: bytesUnit, expr: perArchive(metric("dbsync_binlog_archive_size_bytes"))},
	)
}

func expiryBars(l Lang) dash.Panel {
	return bars(about{
		id: 55, title: l.T("The server keeps its binary logs for", "服务器保留二进制日志的时长"),
		description: l.T(
			"After which time a server removes a log, the shortest first. It should be twice the interval of the backups: then one that fails, or an "+
				"archive that stands still over a weekend, loses nothing.",
			"服务器清理日志的期限，最短的在前。应为备份间隔的两倍：这样一次备份失败或归档停一个周末也不会丢失。"),
		noValue: l.T("they do not expire", "不会过期"), alerts: []string{"BinlogExpiryTooShort"}, links: ofSeries(l, BackupsUID, MySQLUID),
	}, secondsUnit, levels(blue), series{"bottomk(20, " + perInstance(metric("dbsync_mysql_binlog_expire_seconds")) + ")", "{{instance}}"})
}
