// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// backupLegend names a backup in a graph.
const backupLegend = "{{instance}} {{backup}}"

func backupStates(l Lang) []dash.Mapping {
	return states(
		state{"0", l.T("✔ success", "✔ 成功"), green},
		state{"1", l.T("▶ running", "▶ 进行中"), purple},
		state{"2", l.T("✖ failed", "✖ 失败"), vermilion},
	)
}

func backupTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 12, title: l.T("Status of each backup", "各备份的状态"),
		description: l.T(
			"Status of the newest run of each backup over time. A red band is the time during which the last attempt was a failure; a gap, "+
				"that the backup was not known.",
			"各备份最近一次执行状态随时间的变化。红色区段表示最近一次尝试失败；空白表示当时未知。"),
		noValue: noBackupConfigured(l), alerts: []string{"BackupFailure"}, links: ofSeries(l, BackupsUID),
	}, backupStates(l), series{backupStatus(), backupLegend})
}

func backupOutcomes(l Lang) dash.Panel {
	return pie(about{
		id: 13, title: l.T("Runs of 7 days by status", "7 天内备份状态分布"),
		description: l.T(
			"Backups that ended within 7 days, by status, counted from the backups and histories themselves: exact, with no sampling between.",
			"7 天内结束的备份按状态分布，直接取自备份与历史，精确无抽样。"),
		noValue: l.T("no backup in 7 d", "7 天内无备份"), alerts: []string{"BackupFailure"},
	}, countUnit, outcomes(),
		series{sumBy("status", metric("dbsync_backup_recent_runs", `window="7d"`)) + " > 0", "{{status}}"})
}

func backupSuccessTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 15, title: l.T("Success of a day's backups", "每日备份成功率"),
		description: l.T(
			"Share of the backups of the last 24 hours that succeeded. Below 99 % with two failures or more backup_failure warns, even when the last "+
				"one was good again.",
			"最近 24 小时备份成功的比例。低于 99% 且失败两次以上时 backup_failure 警告，即使最近一次已成功。"),
		noValue: noBackups(l), alerts: []string{"BackupFailure"}, links: ofSeries(l, BackupsUID),
	}, ratioUnit, levels(vermilion, level{backupSuccessLow, green}),
		series{perBackup(recorded("instance_backup:dbsync_backup_success:ratio24h")), backupLegend}))
}

func backupUsualTrend(l Lang) dash.Panel {
	return graph(about{
		id: 22, title: l.T("Size against its usual band", "大小与常态区间"),
		description: l.T(
			"Distance of the newest good backup from the usual size, in units of the usual spread (median distance from the median, at least 2 % of the "+
				"size). Within 5 either way is the ordinary; a fall out of it is data that is missing, a rise a mass load or a retention that stopped.",
			"最近成功备份与常态大小的距离，以常态离散度（与中位数距离的中位数，至少为大小的 2%）为单位。正负 5 以内属正常；跌出区间是缺数据，升出区间是批量导入或清理停止。"),
		noValue: l.T("fewer than four good backups yet", "成功备份少于四个"), alerts: []string{"BackupTooSmall", "BackupIdentical", "BackupUnusual"}, links: ofSeries(l, BackupsUID),
	}, shortUnit, nil, series{
		perBackup(recorded("instance_backup:dbsync_backup_size:deviation")), backupLegend,
	})
}

func backupDurationTrend(l Lang) dash.Panel {
	return graph(about{
		id: 23, title: l.T("Duration, of what is allowed", "耗时占允许时长"),
		description: l.T(
			"How long the newest backup took, as a share of its max_duration; the line is where backup_failure alerts. It should grow with the data: "+
				"a jump is a slow disk, a lock, or a second job at the same time.",
			"最近一次备份耗时占 max_duration 的比例，虚线为 backup_failure 的告警线。应随数据增长；跳升来自慢盘、锁或同时运行的其他任务。"),
		noValue: noBackups(l), alerts: []string{"BackupFailure"}, links: ofSeries(l, BackupsUID),
	}, ratioUnit, levels(green, level{promiseBroken, orange}), series{
		perBackup(recorded("instance_backup:dbsync_backup_duration:ratio")), backupLegend,
	})
}

func verificationTable(l Lang) dash.Panel {
	return table(about{
		id: 31, title: l.T("How far each backup is proved", "各备份的校验程度"),
		description: l.T(
			"Each level includes those before it: there; of plausible size and form; complete by its trailer or history; read whole; every checksum "+
				"right. Only a restore test proves that it can be restored.",
			"每级包含前面各级：存在；大小与格式合理；依据结尾或历史判定完整；已通读；所有校验和正确。只有恢复演练才能证明可恢复。"),
		noValue: noBackupConfigured(l),
		alerts:  []string{"BackupVerificationFailed", "BackupVerificationOverdue", "RestoreTestFailed", "RestoreTestOverdue", "BackupIdentical"},
	}, ascending(l.T("Proved", "已证明")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, BackupsUID, MySQLUID)},
		column{label: "backup", title: l.T("Backup", "备份")},
		column{title: l.T("Proved", "已证明"), expr: minBy("instance, backup", "sum without (level) ("+metric("dbsync_backup_last_success_level")+")"), mappings: states(
			state{"0", l.T("✖ nothing", "✖ 无"), vermilion},
			state{"1", l.T("▲ exists", "▲ 存在"), orange},
			state{"2", l.T("▲ plausible", "▲ 合理"), orange},
			state{"3", l.T("✔ complete", "✔ 完整"), blue},
			state{"4", l.T("✔ read whole", "✔ 已通读"), green},
			state{"5", l.T("✔ checksums right", "✔ 校验和正确"), green},
		)},
		column{title: l.T("Verified", "校验时间"), unit: agoUnit, expr: millis(perBackup(metric("dbsync_backup_last_verify_timestamp_seconds")))},
		column{title: l.T("Found", "校验结果"), expr: minBy("instance, backup", metric("dbsync_backup_last_verify_success")), mappings: states(
			state{"0", l.T("✖ damaged", "✖ 损坏"), vermilion},
			state{"1", l.T("✔ whole", "✔ 完整"), green},
		)},
		column{title: l.T("Age, of the promise", "时效（占承诺）"), unit: ratioUnit,
			expr: ratio(perBackup(age(metric("dbsync_backup_last_verify_timestamp_seconds"))),
				perBackup(metric("dbsync_backup_expected_verify_interval_seconds"))),
			thresholds: levels("text", level{promiseBroken, orange})},
		column{title: l.T("Restore test", "恢复演练"), unit: agoUnit,
			expr: millis(perBackup(metric("dbsync_backup_last_restore_test_timestamp_seconds")))},
		column{title: l.T("Restored", "演练结果"), expr: minBy("instance, backup", metric("dbsync_backup_last_restore_test_success")), mappings: states(
			state{"0", l.T("✖ failed", "✖ 失败"), vermilion},
			state{"1", l.T("✔ yes", "✔ 成功"), green},
		)},
		column{title: l.T("Test's age, of the promise", "演练时效（占承诺）"), unit: ratioUnit,
			expr: ratio(perBackup(age(metric("dbsync_backup_last_restore_test_timestamp_seconds"))),
				perBackup(metric("dbsync_backup_expected_restore_test_interval_seconds"))),
			thresholds: levels("text", level{promiseBroken, orange})},
		column{title: l.T("Restoring took", "恢复耗时"), unit: secondsUnit,
			expr: perBackup(metric("dbsync_backup_last_restore_test_duration_seconds"))},
		column{title: l.T("Reading", "通读进度"), unit: ratioUnit, expr: perBackup(metric("dbsync_backup_verify_progress_ratio"))},
		column{title: l.T("Not judged yet", "待判定"), unit: countUnit, expr: sumBy("instance, backup", metric("dbsync_backup_unjudged"))},
		column{title: l.T("Same size before", "大小完全相同的次数"), unit: countUnit,
			expr: perBackup(metric("dbsync_backup_identical_before"))},
	)
}

func verifyTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 32, title: l.T("Result of the verifications", "校验结果"),
		description: l.T(
			"What the newest verification of each backup found. No line: it was never read whole, because verify is not configured or the first "+
				"reading goes on.",
			"各备份最近一次校验的结果。没有记录：从未通读，因为未配置 verify 或首次通读仍在进行。"),
		noValue: l.T("none was verified yet", "尚未校验"), alerts: []string{"BackupVerificationFailed"}, links: ofSeries(l, BackupsUID),
	}, states(
		state{"0", l.T("✖ damaged", "✖ 损坏"), vermilion},
		state{"1", l.T("✔ whole", "✔ 完整"), green},
	), series{perBackup(recorded("instance_backup:dbsync_backup_verified:min")), backupLegend})
}

// restoreTestTrend is of the backups' own tests and of runs that say so without
// belonging to a configured backup.
func restoreTestTrend(l Lang) dash.Panel {
	return graph(about{
		id: 33, title: l.T("Age of the newest restore test", "最近恢复演练的时长"),
		description: l.T(
			"Time since each restore test ended, and since each run of type restore_test last succeeded (dbsyncctl run). A backup that was never restored is a "+
				"hope: a line that climbs for weeks is a test that nobody runs.",
			"距各恢复演练结束、以及 restore_test 类任务上次成功（dbsyncctl run）的时间。从未恢复过的备份只是愿望：曲线连升数周说明无人执行演练。"),
		noValue: l.T("no restore test has been reported", "没有上报过恢复演练"), alerts: []string{"RestoreTestOverdue"}, links: ofSeries(l, JobsUID),
	}, secondsUnit, nil,
		series{perBackup(recorded("instance_backup:dbsync_backup_restore_test_age:max")), backupLegend},
		series{
			maxBy("instance, task", age(metric("dbsync_run_last_success_timestamp_seconds", `run_type="restore_test"`))),
			l.T("{{instance}} {{task}} (run)", "{{instance}} {{task}}（任务）"),
		},
	)
}

func chainTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 41, title: l.T("Chains of incremental backups", "增量备份链"),
		description: l.T(
			"Whether the newest incremental backup still has all that it builds on. Broken: make a full backup at once.",
			"最近的增量备份所依赖的备份是否都在。断裂：立即做全量备份。"),
		noValue: l.T("no incremental backup", "没有增量备份"), alerts: []string{"BackupChainBroken"}, links: ofSeries(l, BackupsUID),
	}, states(
		state{"0", l.T("✔ whole", "✔ 完整"), green},
		state{"1", l.T("✖ broken", "✖ 断裂"), vermilion},
	), series{perBackup(recorded("instance_backup:dbsync_backup_chain_broken:max")), backupLegend})
}

func retainedTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 42, title: l.T("Backups kept", "保留份数"),
		description: l.T(
			"Backups that are there and not known to be bad. It should be level: a fall is a retention that removes faster than backups are made; "+
				"a climb is one that removes nothing.",
			"存在且未发现损坏的备份数。应保持平稳：下降说明清理快于备份，持续上升说明没有清理。"),
		noValue: noBackupConfigured(l), links: ofSeries(l, BackupsUID),
	}, countUnit, nil, series{perBackup(recorded("instance_backup:dbsync_backup_retained:sum")), backupLegend}))
}

func repositoryTrend(l Lang) dash.Panel {
	return graph(about{
		id: 43, title: l.T("Backups and free space", "备份占用与剩余空间"),
		description: l.T(
			"What all backups take where they are kept, and the space that is left there. The lines must not meet before you have bought a disk.",
			"所有备份占用的空间与剩余空间。两条线相交之前需要扩容。"),
		noValue: l.T("unknown for these methods", "这些方法无法得知"), alerts: []string{"DiskSpaceLow"}, links: ofSeries(l, BackupsUID, HostUID),
	}, bytesUnit, nil,
		series{perBackup(recorded("instance_backup:dbsync_backup_repository_size_bytes:max")), l.T(backupLegend+" kept", backupLegend+" 占用")},
		series{perBackup(recorded("instance_backup:dbsync_backup_repository_avail_bytes:max")), l.T(backupLegend+" free", backupLegend+" 剩余")},
	)
}

// repositoryForecast follows the slope of the daily minima: backups come and go
// within a day, and only what is left at the worst moment of each day counts.
func repositoryForecast(l Lang) dash.Panel {
	return bars(about{
		id: 44, title: l.T("Time until the space is used up", "空间耗尽预计时间"),
		description: l.T(
			"At the pace of the last week, from the lowest free space of each day; only after three days, and not where it falls and rises with the week. "+
				"Weeks: plan. Days: remove what has expired, then grow it.",
			"按最近一周每日最低剩余空间的下降速度推算；至少有三天数据才给出，随周备份涨落的不算。以周计：安排扩容；以天计：先清理过期备份再扩容。"),
		noValue: l.T("the space does not shrink, or three days of data are missing", "空间没有减少，或数据不足三天"), alerts: []string{"BackupRepositoryFilling", "DiskSpaceLow"},
		links: ofSeries(l, BackupsUID, HostUID),
	}, secondsUnit, levels(vermilion, level{repositoryFull * 86400, orange}, level{30 * 86400, green}), series{
		"bottomk(20, " + minBy("instance, backup", recorded("instance_backup:dbsync_backup_repository_full_seconds:forecast")) + ")", backupLegend,
	})
}
