// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// overviewFigures are the six key figures, each the worst of the servers that
// are picked.
func overviewFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		uptimeFigure(l), backupSuccessFigure(l, 11), migrationSuccessFigure(l, 12),
		queryTimeFigure(l, 13), connectionsFigure(l, 14), diskFigure(l, 15),
	}
}

func uptimeFigure(l Lang) dash.Panel {
	return stat(about{
		id: 10, title: l.T("Database up, 24 h", "数据库可用率（24 小时）"),
		description: l.T(
			"Share of the last 24 hours in which the server that was away longest could be logged in to and queried. Below 100 %: the band "+
				"'Servers up' shows when, the server's error log says why.",
			"过去 24 小时内，中断最久的数据库可登录并可查询的时间比例。低于 100% 时，“数据库可用状态”显示中断时段，原因见数据库错误日志。"),
		noValue: l.T("no server is scraped", "没有被采集的数据库"),
	}, ratioUnit, "min("+recorded("instance:dbsync_database_uptime:ratio24h")+")",
		levels(orange, level{availabilityGood, green}), nil)
}

func backupSuccessFigure(l Lang, id int) dash.Panel {
	return stat(about{
		id: id, title: l.T("Backup success, 7 d", "备份成功率（7 天）"),
		description: l.T(
			"Backups of the last 7 days that succeeded, of those that ended, on the worst server, counted from the backup history itself. "+
				"A failed one alerts at once, and below 99 % within a day (backup_failure): the table under 'Backups' shows which one.",
			"最差一台数据库最近 7 天结束的备份中成功的比例，直接取自备份历史。任一备份失败即告警，一天内低于 99% 也会告警（backup_failure）；“数据库备份”下的表列出具体备份。"),
		noValue: l.T("no backup in 7 d", "7 天内无备份"), alerts: []string{"BackupFailure"}, links: onBoard(BackupsUID, title(l, BackupsUID)),
	}, ratioUnit, "min("+recorded("instance:dbsync_backup_success:ratio7d")+")",
		levels(vermilion, level{backupSuccessLow, green}), nil)
}

func migrationSuccessFigure(l Lang, id int) dash.Panel {
	return stat(about{
		id: id, title: l.T("Migration success, 7 d", "迁移成功率（7 天）"),
		description: l.T(
			"Migrations of the last 7 days that succeeded, of those that ended, on the worst server, from the history tables. Tools that delete "+
				"failed rows cannot show failures here; the dirty and failed states below do. Below 95 % within a day the rule migration_failure alerts.",
			"最差一台数据库最近 7 天结束的迁移中成功的比例，取自历史表。会删除失败记录的工具在此不显示失败，请看下方的脏状态和失败状态。一天内低于 95% 时规则 migration_failure 告警。"),
		noValue: l.T("no migration in 7 d", "7 天内无迁移"), alerts: []string{"MigrationFailure"},
		links: onBoard(MigrationsUID, title(l, MigrationsUID)),
	}, ratioUnit, "min("+recorded("instance:dbsync_migration_success:ratio7d")+")",
		levels(vermilion, level{migrationSuccessLow, green}), nil)
}

func queryTimeFigure(l Lang, id int) dash.Panel {
	return stat(about{
		id: id, title: l.T("Mean query time", "平均查询时间"),
		description: l.T(
			"Time per statement over all schemas of the slowest server, of the last 5 minutes, from the statement digests. Above 2 s the rule "+
				"query_performance_degraded alerts: look at the slow log and for locks first.",
			"最慢一台数据库最近 5 分钟所有库的平均语句耗时，来自语句摘要。超过 2 秒时规则 query_performance_degraded 告警：先查慢日志和锁等待。"),
		noValue: noDigests(l), alerts: []string{"QueryPerformanceDegraded"}, links: onBoard(MySQLUID, title(l, MySQLUID)),
	}, secondsUnit, "max("+meanQueryTime()+")", levels(green, level{queryTimeWarning, orange}), nil)
}

func connectionsFigure(l Lang, id int) dash.Panel {
	return stat(about{
		id: id, title: l.T("Connections used", "连接数使用率"),
		description: l.T(
			"Open connections of max_connections, on the fullest server. At 80 % the rule database_connections_high alerts: find who "+
				"holds them with SHOW PROCESSLIST before raising the limit.",
			"连接最满的数据库中，已打开连接占 max_connections 的比例。达到 80% 时规则 database_connections_high 告警：先用 SHOW PROCESSLIST 找到占用者，再考虑调高上限。"),
		noValue: l.T("no server up", "没有在线的数据库"),
		alerts:  []string{"DatabaseConnectionsHigh", "MySQLTooManyConnections"}, links: onBoard(MySQLUID, title(l, MySQLUID)),
	}, ratioUnit, "max("+connectionsUsed()+")",
		levels(green, level{connectionsWarning, orange}, level{connectionsCritical, vermilion}), nil)
}

func diskFigure(l Lang, id int) dash.Panel {
	return stat(about{
		id: id, title: l.T("Disk used", "磁盘使用率"),
		description: l.T(
			"Fullest file system among those that hold data, binary logs and backups. Above 85 % the rule "+
				"disk_space_low alerts: remove what has expired, then grow it.",
			"数据、二进制日志和备份所在文件系统中最满者的使用率。超过 85% 时规则 disk_space_low 告警：先清理过期文件，再扩容。"),
		noValue: l.T("host collector is off", "主机采集未启用"), alerts: []string{"DiskSpaceLow"}, links: onBoard(HostUID, title(l, HostUID)),
	}, ratioUnit, "max("+diskUsed()+")", levels(green, level{diskCritical, vermilion}), nil)
}

func noDigests(l Lang) string {
	return l.T("performance_schema is off", "performance_schema 未启用")
}

// The figures that a card, a curve and a column of a table share.
func connectionsUsed() string {
	return perInstance(recorded("instance:dbsync_mysql_connections:ratio"))
}
func meanQueryTime() string {
	return perInstance(recorded("instance:dbsync_mysql_statement_seconds:mean5m"))
}
func diskUsed() string { return perInstance(recorded("instance:dbsync_disk_used:max")) }
