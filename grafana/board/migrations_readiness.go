// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// readinessVerdict says go or no-go for each server; the coloured cells of a row
// are its reasons. The thresholds are those of dbsync:migration_readiness:obstacle.
func readinessVerdict(l Lang) dash.Panel {
	known := func(name string) string { return perInstance(recorded("dbsync:migration_readiness:" + name)) }
	in := func(reason string) string {
		return perInstance(recorded("dbsync:migration_readiness:obstacle", `reason="`+reason+`"`))
	}
	obstacle := states(
		state{"0", l.T("✔ no", "✔ 无"), green},
		state{"1", l.T("✖ yes", "✖ 有"), orange},
	)
	return table(about{
		id: 43, title: l.T("Is it a good moment?", "现在适合执行迁移吗"),
		description: l.T(
			"Go or no-go for the next migration of each server; the coloured cells are the reasons. Room is how often the largest table fits into the free "+
				"space of the data directory: below 1.5 a copy may fill it. An empty cell is not known, and does not count.",
			"各数据库下次迁移的放行判断，着色单元格即原因。余量是数据目录剩余空间可容纳最大表的倍数，低于 1.5 时复制可能写满磁盘。空白表示未知，不计入判断。"),
		noValue: l.T("the rules have not run yet", "规则尚未运行"), alerts: []string{"MigrationNotReady"},
	}, ascending(l.T("Verdict", "结论")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MigrationsUID, MySQLUID)},
		column{title: l.T("Verdict", "结论"), expr: minBy("instance", recorded("dbsync:migration_readiness:go")), mappings: states(
			state{"0", l.T("✖ no-go", "✖ 暂缓"), vermilion},
			state{"1", l.T("✔ go", "✔ 放行"), green},
		)},
		column{title: l.T("Oldest transaction", "最早的事务"), unit: secondsUnit, expr: known("oldest_transaction_seconds"),
			thresholds: levels("text", level{60, orange})},
		column{title: l.T("Lag", "复制延迟"), unit: secondsUnit, expr: known("replica_lag_seconds"), thresholds: levels("text", level{60, orange})},
		column{title: l.T("Largest table", "最大的表"), unit: bytesUnit, expr: known("largest_table_bytes")},
		column{title: l.T("Room, in tables", "余量（倍）"), unit: shortUnit, expr: known("free_space_tables"),
			thresholds: levels(orange, level{1.5, "text"})},
		column{title: l.T("Verified backup", "已验证备份"), unit: secondsUnit, expr: known("verified_backup_age_seconds"),
			thresholds: levels("text", level{26 * 3600, orange})},
		column{title: l.T("No verified backup", "缺少已验证备份"), expr: in("backup"), mappings: obstacle},
		column{title: l.T("Lock waits", "锁等待"), expr: in("metadata_locks"), mappings: obstacle},
		column{title: l.T("Schema change", "结构变更"), expr: in("schema_change"), mappings: obstacle},
		column{title: l.T("Failed revision", "失败修订"), expr: in("failed_revision"), mappings: obstacle},
	)
}

// metadataLockSides shows who waits, and on MySQL what they wait behind.
func metadataLockSides(l Lang) dash.Panel {
	return graph(about{
		id: 27, title: l.T("Who waits for metadata locks, and behind what", "谁在等元数据锁，被谁阻塞"),
		description: l.T(
			"Waiting sessions by lock and statement; on MySQL also those in the way, of which idle is an open transaction or a backup. Reads that wait "+
				"beside a ddl wait behind it; a ddl that waits for backup waits for a backup to end.",
			"等待会话按锁与语句分类；MySQL 还显示阻塞者，idle 是未结束的事务或备份。与 ddl 一同等待的 read 排在它之后；等待 backup 的 ddl 在等备份结束。"),
		noValue: l.T("nobody waits", "无人等待"), alerts: []string{"MySQLMetadataLockPileUp", "SchemaChangeMeetsBackup"}, links: ofSeries(l, MySQLUID),
	}, countUnit, nil,
		series{maxBy("instance, lock, statement", metric("dbsync_mysql_metadata_lock_waiting_statements")),
			l.T("{{instance}} {{lock}}: {{statement}} waits", "{{instance}} {{lock}}：{{statement}} 等待")},
		series{maxBy("instance, lock, statement", metric("dbsync_mysql_metadata_lock_blocking_sessions")),
			l.T("{{instance}} {{lock}}: {{statement}} in the way", "{{instance}} {{lock}}：{{statement}} 阻塞")},
	)
}
