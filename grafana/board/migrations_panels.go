// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// historyLegend names a history in a graph.
const historyLegend = "{{instance}} {{schema}}.{{history}}"

// ofHistory gives one value per history.
func ofHistory(expr string) string { return maxBy(historyLabels, expr) }

func migrationTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 12, title: l.T("State of each history", "各历史的状态"),
		description: l.T(
			"When each history was clean, had files to apply, ran or was broken. A red band that ended without a repair by hand was a retry that worked.",
			"各历史何时正常、有待执行、执行中或损坏。未经手工修复便结束的红色区段是一次成功的重试。"),
		noValue: noHistory(l), alerts: []string{"MigrationFailure"}, links: ofSeries(l, MigrationsUID),
	}, migrationStates(l), series{migrationState(), historyLegend})
}

func appliedTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 13, title: l.T("Applied revisions", "已执行的修订"),
		description: l.T(
			"Each step up is a migration. A step down is one that was rolled back, or a history that was restored from a backup. "+
				"Servers that should be alike have lines at the same height.",
			"每次上升是一次迁移；下降是回滚，或历史表被备份还原。应当一致的数据库，曲线高度应相同。"),
		noValue: noHistory(l), links: ofSeries(l, MigrationsUID),
	}, countUnit, nil, series{ofHistory(recorded("history:dbsync_migration_applied:sum")), historyLegend}))
}

func migrationRunningTrend(l Lang) dash.Panel {
	return graph(about{
		id: 21, title: l.T("Time at work, of what is allowed", "执行时间占允许时长"),
		description: l.T(
			"How long each running migration has held its lock, as a share of max_duration from the configuration (30 minutes unless set). At 100 % "+
				"migration_running_long alerts: see whether it waits for a metadata lock or copies a table, before anybody kills it.",
			"执行中的迁移持锁时间占配置 max_duration（默认 30 分钟）的比例。达到 100% 时 migration_running_long 告警：先查看它是在等元数据锁还是在复制表，再决定是否终止。"),
		noValue: l.T("nothing ran in this time", "该时段没有迁移在执行"), alerts: []string{"MigrationRunningLong"}, links: ofSeries(l, MigrationsUID),
	}, ratioUnit, levels(green, level{promiseBroken, orange}), series{
		ofHistory(recorded("history:dbsync_migration_running_time:ratio")), historyLegend,
	})
}

func migrationLocks(l Lang) dash.Panel {
	return timeline(about{
		id: 23, title: l.T("Locks of the tools", "迁移工具的锁"),
		description: l.T(
			"When each tool held its lock. A lock that stays long after its deployment ended is a process that hangs, or a lock row that a killed "+
				"one left behind (Liquibase: releaseLocks).",
			"各工具何时持有锁。发布结束后仍长期持有，说明进程挂起，或被终止的进程遗留了锁记录（Liquibase 用 releaseLocks 清除）。"),
		noValue: l.T("the tools take no lock that can be seen", "工具不使用可见的锁"), links: ofSeries(l, MigrationsUID),
		alerts: []string{"MigrationRunningLong", "MigrationWithoutBackup", "SchemaChangeMeetsBackup"},
	}, states(
		state{"0", l.T("free", "空闲"), grey},
		state{"1", l.T("▶ held", "▶ 持有"), blue},
	), series{ofHistory(recorded("history:dbsync_migration_lock_held:last")), historyLegend})
}

func migrationDurations(l Lang) dash.Panel {
	return bars(about{
		id: 31, title: l.T("How long the last one took", "最近一次耗时"),
		description: l.T(
			"Duration of the newest successful migration of each history, the 20 longest. What took minutes on a copy of production takes them again "+
				"there: plan for it.",
			"各历史最近一次成功迁移的耗时（最长的 20 个）。在生产副本上耗时数分钟的，在生产上同样如此，请提前规划。"),
		noValue: l.T("the tools record no durations", "工具不记录耗时"), links: ofSeries(l, MigrationsUID),
	}, secondsUnit, levels(blue), series{top(20, ofHistory(metric("dbsync_migration_last_duration_seconds"))), historyLegend})
}

func migrationOutcomes(l Lang) dash.Panel {
	return pie(about{
		id: 32, title: l.T("Runs of 7 days by outcome", "7 天内执行结果"),
		description: l.T(
			"Migrations that ended within 7 days, counted from the histories themselves. Tools that delete failed rows show successes only.",
			"7 天内结束的迁移，直接取自历史表。会删除失败记录的工具只显示成功。"),
		noValue: l.T("no run in 7 days, or none is recorded", "7 天内没有执行，或工具不记录"), alerts: []string{"MigrationFailure"},
	}, countUnit, outcomes(),
		series{sumBy("status", metric("dbsync_migration_recent_runs", `window="7d"`)) + " > 0", "{{status}}"})
}

// outcomes are the colours of the statuses of runs.
func outcomes() []named {
	return []named{
		{"success", green}, {"failed", vermilion}, {"timeout", orange}, {"partial", "#F0E442"},
		{"lost", grey}, {"running", blue},
	}
}

func migrationSuccessTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 33, title: l.T("Success of a day's runs", "每日执行成功率"),
		description: l.T(
			"Share of the runs of the last 24 hours that succeeded. Below the line, with two failures or more, migration_failure warns: migrations "+
				"that need several attempts.",
			"最近 24 小时执行成功的比例。低于虚线且失败两次以上时 migration_failure 警告：迁移需要多次尝试。"),
		noValue: l.T("no run in this time, or none is recorded", "该时段没有执行，或工具不记录"),
		alerts:  []string{"MigrationFailure"}, links: ofSeries(l, MigrationsUID),
	}, ratioUnit, levels(vermilion, level{migrationSuccessLow, green}),
		series{ofHistory(recorded("history:dbsync_migration_day_success:last")), historyLegend}))
}

func readinessTable(l Lang) dash.Panel {
	return table(about{
		id: 41, title: l.T("Before the next deployment", "下次发布之前"),
		description: l.T(
			"What stands between each history and a clean deployment. Out of order: pending migrations older than one that was applied, which some "+
				"tools refuse and others skip silently. Files are those in the configured directory.",
			"各历史在下次发布前需处理的事项。乱序：早于已执行迁移的待执行项，有的工具拒绝执行，有的静默跳过。文件数为配置目录中的迁移文件。"),
		noValue: noHistory(l), alerts: []string{"MigrationHistoryDiverged", "MigrationHistoryMissing", "MigrationWithoutBackup"},
	}, descending(l.T("Pending", "待执行")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MigrationsUID, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "tool", title: l.T("Tool", "工具")},
		column{label: "history", title: l.T("History", "历史表")},
		column{title: l.T("Visible", "可见"), expr: ofHistory(metric("dbsync_migration_history_visible")), mappings: states(
			state{"0", l.T("✖ no", "✖ 否"), vermilion},
			state{"1", l.T("✔ yes", "✔ 是"), green},
		)},
		column{title: l.T("Pending", "待执行"), unit: countUnit, expr: revisions("pending"), thresholds: levels("text", level{1, blue})},
		column{title: l.T("Oldest pending", "最早的待执行"), unit: agoUnit,
			expr: millis(ofHistory(metric("dbsync_migration_oldest_pending_timestamp_seconds")))},
		column{title: l.T("Out of order", "乱序"), unit: countUnit,
			expr: ofHistory(metric("dbsync_migration_pending_out_of_order")), thresholds: levels("text", level{1, orange})},
		column{title: l.T("Missing or changed", "缺失或被改动"), unit: countUnit,
			expr: revisions("missing|changed"), thresholds: levels("text", level{1, orange})},
		column{title: l.T("Since the last backup", "上次备份后已执行"), unit: countUnit,
			expr: ofHistory(recorded("history:dbsync_migration_since_backup:count")), thresholds: levels("text", level{1, blue})},
		column{title: l.T("Verified backup", "已校验的备份"), unit: agoUnit, expr: millis("(" + verifiedBackup() + ")")},
		column{title: l.T("Files", "文件数"), unit: countUnit, expr: ofHistory(metric("dbsync_migration_files"))},
	)
}

// verifiedBackup is when the newest backup of a history's server was found whole.
func verifiedBackup() string {
	verified := "max by (instance) (" + metric("dbsync_backup_last_verify_timestamp_seconds") +
		" and " + metric("dbsync_backup_last_verify_success") + " == 1)"
	return "0 * " + ofHistory(metric("dbsync_migration_history_visible")) + " + on (instance) group_left () " + verified
}

func undoneByRestore(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 45, title: l.T("What a restore would undo", "恢复备份将撤销的迁移"),
		description: l.T(
			"Migrations that were applied after the newest good backup began: restoring it takes them back, and the code may not run any more. "+
				"At least, where a tool keeps its version alone. It falls to 0 with the next backup.",
			"最近一次成功备份开始之后执行的迁移数：恢复该备份会撤销它们，代码可能无法运行。只保存版本号的工具至少计 1。下次备份后归零。"),
		noValue: l.T("no backup is known of these servers, or nobody watched when it began", "没有这些数据库的备份信息，或备份开始时未被监控"),
		links:   ofSeries(l, MigrationsUID, BackupsUID),
	}, countUnit, nil, series{ofHistory(recorded("history:dbsync_migration_since_backup:count")), historyLegend}))
}

func verifiedBackupAge(l Lang) dash.Panel {
	return graph(about{
		id: 46, title: l.T("Age of the verified backup while migrations ran", "迁移执行时已校验备份的时长"),
		description: l.T(
			"How old the newest backup was that had been read and found whole, at each time when a migration held its lock: what there was to go back to. "+
				"The line is the 26 hours from which migration_without_backup warns.",
			"每次迁移持锁期间，最近一个通过校验的备份有多旧，即当时的退路。虚线为 migration_without_backup 告警的 26 小时。"),
		noValue: l.T("nothing ran in this time, or no backup is verified", "该时段没有迁移，或没有校验过的备份"),
		alerts:  []string{"MigrationWithoutBackup"}, links: ofSeries(l, MigrationsUID, BackupsUID),
	}, secondsUnit, levels(green, level{verifiedBackupOld * 3600, orange}),
		series{ofHistory(recorded("history:dbsync_migration_verified_backup_age_seconds:last")), historyLegend})
}

func pendingTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 42, title: l.T("Pending migrations", "待执行迁移"),
		description: l.T(
			"It rises when files arrive and falls when they are applied. A plateau is a release that waits for its migration.",
			"文件到达时上升，执行后下降。平台表示版本在等待迁移。"),
		noValue: l.T("no directory is configured", "未配置脚本目录"), alerts: []string{"MigrationPending"}, links: ofSeries(l, MigrationsUID),
	}, countUnit, nil, series{ofHistory(recorded("history:dbsync_migration_pending:sum")), historyLegend}))
}

func divergedTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 51, title: l.T("Missing or changed revisions", "缺失或被改动的修订"),
		description: l.T(
			"Applied revisions whose file is gone or changed. From 1 on migration_history_diverged alerts: the repository and this database have "+
				"parted ways.",
			"已执行但文件缺失或被改动的修订数。达到 1 时 migration_history_diverged 告警：代码库与该数据库已不一致。"),
		noValue: l.T("the tools record no checksums, or no directory is configured", "工具不记录校验和，或未配置目录"),
		alerts:  []string{"MigrationHistoryDiverged"}, links: ofSeries(l, MigrationsUID),
	}, countUnit, levels(green, level{1, orange}), series{ofHistory(recorded("history:dbsync_migration_diverged:sum")), historyLegend}))
}

func historiesByTool(l Lang) dash.Panel {
	return bars(about{
		id: 52, title: l.T("Histories found, by tool", "发现的历史表（按工具）"),
		description: l.T(
			"History tables that the account can read, by the tool that made them. Fewer than you know of: a grant is missing.",
			"账号可读取的历史表数（按工具）。少于已知数量说明缺少授权。"),
		noValue: l.T("no history table found, or collector migration.discovery is off", "未发现历史表，或采集器 migration.discovery 未启用"),
	}, countUnit, levels(blue), series{sumBy("tool", metric("dbsync_migration_histories")), "{{tool}}"})
}

func migrationSources(l Lang) dash.Panel {
	return timeline(about{
		id: 53, title: l.T("Histories that cannot be read", "无法读取的历史"),
		description: l.T(
			"Histories whose reading failed at some time: their state was unknown then. The exporter's landing page shows the error.",
			"曾读取失败的历史：当时状态未知。错误见导出器首页。"),
		noValue: l.T("all were read", "全部可读"), alerts: []string{"SourceFailing"}, links: ofSeries(l, MonitoringUID),
	}, states(
		state{"0", l.T("✖ failed", "✖ 失败"), vermilion},
	), series{
		minBy("instance, source", recorded("instance_source:dbsync_source_success:failed", `collector=~"migration.*"`)),
		"{{instance}} {{source}}",
	})
}
