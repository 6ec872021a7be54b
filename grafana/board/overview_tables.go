// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func serverTable(l Lang) dash.Panel {
	return table(about{
		id: 31, title: l.T("Servers", "数据库实例"),
		description: l.T(
			"One line per server. An empty cell is a figure that the server does not have (no replica, no statement digests) or that could not "+
				"be read. Click an instance to see it alone.",
			"每台数据库一行。空白表示该项不适用（非从库、无语句摘要）或无法读取。点击实例名仅显示该实例。"),
		noValue: l.T("no server is scraped", "没有被采集的数据库"),
	}, descending(l.T("Connections", "连接使用率")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, OverviewUID, MySQLUID)},
		column{label: "version", title: l.T("Version", "版本")},
		column{expr: "max by (instance, version) (" + metric("mysql_version_info") + ")", hidden: true},
		column{title: l.T("State", "状态"), expr: perInstance(metric("mysql_up")), mappings: states(
			state{"0", l.T("✖ down", "✖ 不可用"), vermilion},
			state{"1", l.T("✔ up", "✔ 正常"), green},
		)},
		column{title: l.T("Uptime", "运行时间"), unit: secondsUnit, expr: perInstance(metric("mysql_global_status_uptime"))},
		column{title: l.T("Statements/s", "每秒语句"), unit: opsUnit, expr: statementsRate()},
		column{title: l.T("Connections", "连接使用率"), unit: ratioUnit, expr: connectionsUsed(),
			thresholds: levels("text", level{connectionsWarning, orange}, level{connectionsCritical, vermilion})},
		column{title: l.T("Buffer pool hits", "缓冲池命中率"), unit: ratioUnit, expr: bufferPoolHits()},
		column{title: l.T("Replication", "复制"), expr: replicationState(), mappings: states(
			state{"0", l.T("✖ stopped", "✖ 已停止"), vermilion},
			state{"1", l.T("✔ running", "✔ 运行中"), green},
		)},
		column{title: l.T("Lag", "复制延迟"), unit: secondsUnit, expr: perInstance(metric("dbsync_replication_lag_seconds"))},
		column{title: l.T("Disk used", "磁盘使用率"), unit: ratioUnit, expr: diskUsed(),
			thresholds: levels("text", level{diskCritical, vermilion})},
	)
}

func statementsRate() string {
	return perInstance(recordedRate("mysql_global_status_questions"))
}

// bufferPoolHits is the share of page reads that needed no disk.
func bufferPoolHits() string {
	return perInstance(recorded("instance:dbsync_mysql_buffer_pool_hits:ratio5m"))
}

// replicationState is 1 when both threads of every channel run, for servers
// that replicate at all.
func replicationState() string {
	return "min by (instance) (" + metric("dbsync_replication_io_running") + ") * " +
		"min by (instance) (" + metric("dbsync_replication_sql_running") + ")"
}

func migrationTable(l Lang, id int) dash.Panel {
	return table(about{
		id: id, title: l.T("Migration histories", "迁移历史"),
		description: l.T(
			"One line per history table that the account can see. Failed or dirty: stop deploying, read the tool's output, repair by hand, then "+
				"let the tool mark it clean. Pending counts files that are not applied yet, where a directory is configured.",
			"每个可见的历史表一行。失败或脏状态：停止发布，查看工具输出，手工修复后再由工具清除标记。待执行数仅在配置了脚本目录时统计。"),
		noValue: l.T("no history table found", "未发现迁移历史表"),
	}, descending(l.T("State", "状态")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MigrationsUID, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "tool", title: l.T("Tool", "工具")},
		column{label: "history", title: l.T("History", "历史表")},
		column{label: "version", title: l.T("Version", "版本")},
		column{label: "description", title: l.T("Description", "说明")},
		column{hidden: true,
			expr: "max by (" + historyLabels + ", version, description) (" + metric("dbsync_migration_info") + ")"},
		column{title: l.T("State", "状态"), expr: migrationState(), mappings: migrationStates(l)},
		column{title: l.T("Pending", "待执行"), unit: countUnit, expr: revisions("pending")},
		column{title: l.T("Applied", "已执行"), unit: countUnit, expr: revisions("applied")},
		column{title: l.T("Last applied", "最近执行"), unit: agoUnit,
			expr: "max by (" + historyLabels + ") (" + metric("dbsync_migration_last_applied_timestamp_seconds") + ") * 1000"},
		column{title: l.T("Last took", "最近耗时"), unit: secondsUnit,
			expr: "max by (" + historyLabels + ") (" + metric("dbsync_migration_last_duration_seconds") + ")"},
	)
}

// historyLabels tell one history from another.
const historyLabels = "instance, schema, tool, history"

// revisions counts the revisions of each history in the given states.
func revisions(states string) string {
	return "sum by (" + historyLabels + ") (" + metric("dbsync_migration_revisions", `state=~"`+states+`"`) + ")"
}

func migrationStates(l Lang) []dash.Mapping {
	return states(
		state{"0", l.T("✔ applied", "✔ 已执行"), green},
		state{"1", l.T("… pending", "… 待执行"), blue},
		state{"2", l.T("▶ running", "▶ 执行中"), purple},
		state{"3", l.T("✖ failed or dirty", "✖ 失败或脏状态"), vermilion},
	)
}

// migrationState is the worst state of each history, as a number to map.
func migrationState() string { return ofHistory(recorded("history:dbsync_migration_state:max")) }

func backupTable(l Lang, id int) dash.Panel {
	return table(about{
		id: id, title: l.T("Backups", "备份"),
		description: l.T(
			"One line per configured backup. 'Last good' is what you could restore now; everything since would be lost unless binary logs are "+
				"archived. A last status other than success: look at the job's output and the free space first.",
			"每个已配置的备份一行。“最近成功”即此刻可恢复的时间点，之后的数据除非归档了二进制日志否则会丢失。最近状态非成功时，先查任务输出和剩余空间。"),
		noValue: l.T("no backup is configured", "未配置备份"),
	}, descending(l.T("Age, of alert level", "时效（占告警线）")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, BackupsUID, MySQLUID)},
		column{label: "backup", title: l.T("Backup", "备份")},
		column{label: "method", title: l.T("Method", "方法")},
		column{hidden: true,
			expr: "max by (instance, backup, method) (" + metric("dbsync_backup_retained") + ")"},
		column{title: l.T("Last status", "最近状态"), expr: backupStatus(), mappings: backupStates(l)},
		column{title: l.T("Last good", "最近成功"), unit: agoUnit,
			expr: perBackup(metric("dbsync_backup_last_success_timestamp_seconds")) + " * 1000"},
		column{title: l.T("Age, of alert level", "时效（占告警线）"), unit: ratioUnit, expr: backupAge(),
			thresholds: levels("text", level{backupOverdue, orange})},
		column{title: l.T("Size", "大小"), unit: bytesUnit, expr: perBackup(metric("dbsync_backup_last_success_size_bytes"))},
		column{title: l.T("Took", "耗时"), unit: secondsUnit, expr: perBackup(metric("dbsync_backup_last_duration_seconds"))},
		column{title: l.T("Kept", "保留份数"), unit: countUnit,
			expr: "sum by (instance, backup) (" + metric("dbsync_backup_retained") + ")"},
	)
}

// backupStatus is how each backup's newest run ended, or that one goes on, as a
// number to map.
func backupStatus() string { return perBackup(recorded("instance_backup:dbsync_backup_state:max")) }
