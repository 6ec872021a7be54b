// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// migrationFigures count over all histories of the servers that are picked.
func migrationFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		brokenHistories(l), runningMigrations(l), pendingMigrations(l), oldestPending(l),
		divergedRevisions(l), invisibleHistories(l), migrationSuccessFigure(l, 7), lastMigration(l),
	}
}

func noHistory(l Lang) string {
	return l.T("no history table found", "未发现迁移历史表")
}

// some counts what an expression returns, and is 0 when it returns nothing
// although there are histories.
func some(expr string) string {
	return "count(" + expr + ") or 0 * count(" + metric("dbsync_migration_history_visible") + ")"
}

func brokenHistories(l Lang) dash.Panel {
	return stat(about{
		id: 1, title: l.T("Failed or dirty", "失败或脏状态"),
		description: l.T(
			"Histories with a revision that failed or that nobody finished. Stop deploying: the schema may be half changed. Read the tool's output, "+
				"repair by hand, and let the tool mark it clean.",
			"存在失败或未完成修订的历史数。立即停止发布：表结构可能只改了一半。查看工具输出，手工修复后由工具清除标记。"),
		noValue: noHistory(l), alerts: []string{"MigrationFailure"},
	}, countUnit, some(revisions("failed|dirty")+" > 0"), levels(green, level{1, vermilion}), nil)
}

func runningMigrations(l Lang) dash.Panel {
	return stat(about{
		id: 2, title: l.T("Running", "执行中"),
		description: l.T(
			"Histories whose tool is at work: it holds its lock, or its table says so. Tools without a lock cannot be seen running.",
			"工具正在执行的历史数：持有锁，或历史表中有标记。不加锁的工具无法看到执行状态。"),
		noValue: noHistory(l), alerts: []string{"MigrationRunningLong"},
	}, countUnit, some(metric("dbsync_migration_lock_held")+" == 1 or "+revisions("running")+" > 0"), levels(green, level{1, blue}), nil)
}

func pendingMigrations(l Lang) dash.Panel {
	return stat(about{
		id: 3, title: l.T("Pending", "待执行"),
		description: l.T(
			"Migrations that are in the configured directories and not applied. After a deployment it should be 0: if not, the deployment did not "+
				"migrate. Without a directory nothing is known.",
			"配置目录中尚未执行的迁移数。发布后应为 0，否则说明该次发布没有执行迁移。未配置目录则未知。"),
		noValue: l.T("no directory is configured", "未配置脚本目录"),
	}, countUnit, "sum("+metric("dbsync_migration_revisions", `state="pending"`)+")", levels(green, level{1, blue}), nil)
}

func oldestPending(l Lang) dash.Panel {
	return stat(about{
		id: 4, title: l.T("Oldest pending", "最早的待执行"),
		description: l.T(
			"When the oldest migration that is not applied was written. Days old means that a release waits, or that this server was forgotten.",
			"最早一个未执行迁移的编写时间。若已数日，说明有版本等待发布，或这台数据库被遗漏。"),
		noValue: l.T("nothing is pending", "没有待执行的迁移"),
	}, agoUnit, millis("min("+metric("dbsync_migration_oldest_pending_timestamp_seconds")+")"), levels(blue), nil)
}

func divergedRevisions(l Lang) dash.Panel {
	return stat(about{
		id: 5, title: l.T("Missing or changed", "缺失或被改动"),
		description: l.T(
			"Applied revisions whose file is gone or is no longer what was applied. The next environment will get another schema: restore the file, "+
				"and write a new migration for the change.",
			"已执行但文件缺失或内容被改动的修订数。下一个环境会得到不同的表结构：恢复文件，并为改动新写一个迁移。"),
		noValue: l.T("the tools record no checksums, or no directory is configured", "工具不记录校验和，或未配置目录"),
		alerts:  []string{"MigrationHistoryDiverged"},
	}, countUnit, "sum("+metric("dbsync_migration_revisions", `state=~"missing|changed"`)+")", levels(green, level{1, orange}), nil)
}

func invisibleHistories(l Lang) dash.Panel {
	return stat(about{
		id: 6, title: l.T("Not visible", "不可见"),
		description: l.T(
			"Histories that are configured and that the account cannot read: nothing is known of them, which is not the same as healthy. "+
				"Check the name and the grants.",
			"已配置但账号无法读取的历史数：状态未知，不等于健康。请检查名称与授权。"),
		noValue: noHistory(l), alerts: []string{"MigrationHistoryMissing"},
	}, countUnit, some(metric("dbsync_migration_history_visible")+" == 0"), levels(green, level{1, orange}), nil)
}

func lastMigration(l Lang) dash.Panel {
	return stat(about{
		id: 8, title: l.T("Last applied", "最近执行"),
		description: l.T(
			"When the newest migration of all picked servers succeeded. A fault that began right after it has its first suspect.",
			"所选数据库中最近一次迁移成功的时间。紧随其后出现的故障，首先怀疑它。"),
		noValue: l.T("the tools record no times", "工具不记录时间"),
	}, agoUnit, millis("max("+metric("dbsync_migration_last_applied_timestamp_seconds")+")"), levels(blue), nil)
}
