// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// backupFigures are the worst of the backups of the servers that are picked.
func backupFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		lostNow(l), overdueBackups(l), badBackups(l), backupSuccessFigure(l, 4),
		smallestBackup(l), brokenChains(l), unverifiedBackups(l), backupSpace(l),
	}
}

// someBackups counts what an expression returns, and is 0 when it returns
// nothing although backups are configured.
func someBackups(expr string) string {
	return "count(" + expr + ") or 0 * count(" + metric("dbsync_backup_max_duration_seconds") + ")"
}

func noBackupConfigured(l Lang) string {
	return l.T("no backup is configured", "未配置备份")
}

func lostNow(l Lang) dash.Panel {
	newest := "(" + maxBy("instance", metric("dbsync_backup_recoverable_until_timestamp_seconds", `source!="server"`)) +
		" or " + maxBy("instance", metric("dbsync_backup_last_success_timestamp_seconds")) + ")"
	return stat(about{
		id: 1, title: l.T("Lost, were it now", "此刻故障将丢失"),
		description: l.T(
			"How far back lies the newest moment that the backups and the archived binary logs reach, of the server where that is longest: the work "+
				"since then exists once only. If this frightens you, make a backup now.",
			"备份与已归档的二进制日志能恢复到的最新时刻距今多久（取最久的数据库）：此后的数据只有一份。若不可接受，请立即备份。"),
		noValue: noBackups(l), alerts: []string{"BackupFailure", "RecoverablePointTooOld"},
	}, secondsUnit, "max("+age(newest)+")", levels(blue), nil)
}

func overdueBackups(l Lang) dash.Panel {
	return stat(about{
		id: 2, title: l.T("Overdue", "逾期"),
		description: l.T(
			"Backups whose newest good one is older than its interval and duration allow. See whether the schedule still runs, then run it by hand.",
			"最近成功备份的时长超过约定间隔加耗时的备份数。检查调度是否仍在运行，然后手动执行。"),
		noValue: noBackupConfigured(l), alerts: []string{"BackupFailure"},
	}, countUnit, someBackups(backupAge()+" > 1"), levels(green, level{1, vermilion}), nil)
}

func badBackups(l Lang) dash.Panel {
	return stat(about{
		id: 3, title: l.T("Last one failed", "最近一次失败"),
		description: l.T(
			"Backups whose newest run did not succeed: failed, timed out, partial or lost. Read the log of the tool, check space and permissions, "+
				"run it again.",
			"最近一次未成功（失败、超时、部分或丢失）的备份数。查看工具日志，检查空间与权限，重新执行。"),
		noValue: noBackupConfigured(l), alerts: []string{"BackupFailure"},
	}, countUnit, someBackups(perBackup(metric("dbsync_backup_last_status", `status=~"failed|timeout|partial|lost"`))+" > 0"),
		levels(green, level{1, vermilion}), nil)
}

func smallestBackup(l Lang) dash.Panel {
	return stat(about{
		id: 5, title: l.T("Size, of the usual", "大小占常态比例"),
		description: l.T(
			"The newest good backup in relation to the median of those before it, of the backup that shrank most. Half the usual size is a schema "+
				"or half a dump that is missing, whatever the tool reported.",
			"最近成功备份与此前中位数之比（缩小最多者）。只有平常的一半，说明缺库或转储不完整，无论工具怎样报告。"),
		noValue: l.T("fewer than four good backups yet", "成功备份少于四个"), alerts: []string{"BackupTooSmall"},
	}, ratioUnit, "min("+metric("dbsync_backup_size_to_usual_ratio")+")", levels(vermilion, level{0.5, orange}, level{0.9, green}), nil)
}

func brokenChains(l Lang) dash.Panel {
	return stat(about{
		id: 6, title: l.T("Broken chains", "断裂的备份链"),
		description: l.T(
			"Incremental backups that build on one that is not there: they cannot be restored. Make a full backup now, then find out what removed the base.",
			"基准备份缺失的增量备份数：无法恢复。立即做一次全量备份，再查明基准被谁删除。"),
		noValue: l.T("no incremental backup", "没有增量备份"), alerts: []string{"BackupChainBroken"},
	}, countUnit, "sum("+metric("dbsync_backup_chain_broken")+")", levels(green, level{1, vermilion}), nil)
}

func unverifiedBackups(l Lang) dash.Panel {
	return stat(about{
		id: 7, title: l.T("Found damaged", "校验发现损坏"),
		description: l.T(
			"Backups that were read whole to verify them and were not: the file is cut or does not match its checksum. Do not delete older ones; "+
				"make a new one and look at the disk.",
			"通读校验后发现不完整的备份数：文件被截断或校验和不符。不要删除更早的备份；重新备份并检查磁盘。"),
		noValue: l.T("none was verified yet", "尚未校验"), alerts: []string{"BackupVerificationFailed"},
	}, countUnit, "count("+metric("dbsync_backup_last_verify_success")+" == 0) or 0 * count("+metric("dbsync_backup_last_verify_success")+")",
		levels(green, level{1, vermilion}), nil)
}

func backupSpace(l Lang) dash.Panel {
	return stat(about{
		id: 8, title: l.T("Space left", "剩余空间"),
		description: l.T(
			"Space on the fullest place where backups are kept. Compare with the size of a backup: less than two of them, and the next run fails.",
			"存放备份的最满位置的剩余空间。与单个备份大小比较：不足两个时下一次会失败。"),
		noValue: l.T("unknown for this method", "该方法无法得知"), alerts: []string{"DiskSpaceLow"}, links: onBoard(HostUID, title(l, HostUID)),
	}, bytesUnit, "min("+metric("dbsync_backup_repository_avail_bytes")+")", levels(blue), nil)
}
