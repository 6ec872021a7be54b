// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// MySQL answers "what does the database suffer from?": whether it lets people
// in, how long statements take, who waits for whom, and how the engine and the
// replicas keep up. What only some servers have is folded.
func MySQL(l Lang) dash.Dashboard {
	d := frame(l, MySQLUID,
		l.T("Connections, statements, locks, transactions, InnoDB and replication of the database servers.",
			"数据库的连接、语句、锁、事务、InnoDB 与复制。"))
	d.Panels = stack(
		figures(mysqlFigures(l)...),
		heading(10, l.T("Connections", "连接")),
		graphs(connectionsTrend(l, 11), sessionsTrend(l), refusedTrend(l)),
		graphs(sessionsByCommand(l), sessionsByAccount(l)),
		heading(20, l.T("Statements", "语句")),
		graphs(queriesTrend(l, 21), queryTimeTrend(l, 22), quantilesTrend(l)),
		graphs(slowQueriesTrend(l), commandsTrend(l), schemaLoadTrend(l)),
		graphs(schemaTable(l)),
		heading(30, l.T("Locks and transactions", "锁与事务")),
		graphs(rowLockWaiters(l), rowLockWait(l), metadataLockWaiters(l, 33), metadataLockWait(l)),
		graphs(transactionsTrend(l), transactionAgeTrend(l), deadlocksTrend(l), historyListTrend(l)),
		heading(40, l.T("InnoDB", "InnoDB 引擎")),
		graphs(bufferPoolHitsTrend(l), bufferPoolPages(l), rowOperations(l)),
		graphs(dataTrafficTrend(l), syncsTrend(l), redoTrend(l)),
		heading(50, l.T("Replication", "复制")),
		split([]int{10, 14}, replicationTimeline(l), replicationLagTrend(l, 52)),
		split([]int{14, 10}, channelTable(l), binlogTrend(l)),
		heading(60, l.T("Logs", "日志")),
		graphs(errorLogTrend(l), slowLogTrend(l)),
		folded(120, l.T("What is unusual at this hour", "与往常同一时段对比"), unusualMySQL(l)...),
		folded(70, l.T("Temporary tables, sorts and scans", "临时表、排序与扫描"),
			graphs(temporaryTables(l), temporaryOnDisk(l), fullScans(l), sortPasses(l))),
		folded(80, l.T("Table cache, files and network", "表缓存、文件与网络"),
			graphs(tableCacheMisses(l), openFiles(l), networkTraffic(l))),
		folded(90, l.T("Size and room to grow", "容量与余量"),
			graphs(schemaSizes(l), schemaSizeTrend(l)),
			graphs(largestTables(l), autoIncrementTable(l))),
		folded(100, l.T("Query cache (MariaDB only; off by default)", "查询缓存（仅 MariaDB，默认关闭）"),
			graphs(queryCacheHits(l), queryCachePrunes(l))),
		folded(110, l.T("Galera cluster (members only)", "Galera 集群（仅集群成员）"),
			graphs(galeraMembers(l), galeraFlowControl(l), galeraQueues(l))),
	)
	return d
}

// mysqlFigures are the worst values of the servers that are picked.
func mysqlFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		serverFigure(l), connectionsFigure(l, 2), queryTimeFigure(l, 3), quantileFigure(l),
		rowLockFigure(l), metadataLockFigure(l), transactionFigure(l), replicationFigure(l),
	}
}

func serverFigure(l Lang) dash.Panel {
	return stat(about{
		id: 1, title: l.T("Server", "数据库状态"),
		description: l.T(
			"The worst of the servers that are picked. Unreachable: nothing there speaks the protocol, look at the service and its error log. "+
				"No login: the server answers and refuses the exporter, see dbsync_connect_error for why.",
			"所选数据库中状态最差者。无法连接：无协议应答，请查看服务与错误日志。无法登录：服务器有应答但拒绝监控账号，原因见 dbsync_connect_error。"),
		noValue: l.T("no server is scraped", "没有被采集的数据库"),
		alerts:  []string{"MySQLDown", "MySQLNotAnswering", "MySQLTooManyConnections", "MySQLLoginFailing"},
	}, countUnit, "min("+serverState()+")", levels(grey), serverStates(l))
}

func quantileFigure(l Lang) dash.Panel {
	return stat(about{
		id: 4, title: l.T("99 % of statements within", "99% 语句耗时上限"),
		description: l.T(
			"Time that 99 of 100 statements stay under, on the slowest server, of the last 5 minutes. Far above the mean: a few statements wait, "+
				"usually for a lock or the disk; see the rows below.",
			"最慢数据库最近 5 分钟内 99% 的语句不超过的耗时。若远高于平均值，说明少数语句在等待，通常是锁或磁盘，见下方各行。"),
		noValue: noHistogram(l),
	}, secondsUnit, "max("+quantile("p99")+")", levels(blue), nil)
}

func rowLockFigure(l Lang) dash.Panel {
	return stat(about{
		id: 5, title: l.T("Waiting for row locks", "等待行锁"),
		description: l.T(
			"Transactions that wait for a lock of InnoDB now, on the worst server. A few for a moment are normal; a number that stays means that "+
				"one transaction holds what others need: the oldest transaction is the first suspect.",
			"当前等待 InnoDB 锁的事务数（最差的一台）。短暂出现属正常；持续存在说明某个事务占用了其他事务所需的锁，首先怀疑最老的事务。"),
		noValue: noLocks(l),
	}, countUnit, "max("+metric("dbsync_mysql_row_lock_waiters")+")", levels(green, level{1, orange}), nil)
}

func metadataLockFigure(l Lang) dash.Panel {
	return stat(about{
		id: 6, title: l.T("Waiting for metadata locks", "等待元数据锁"),
		description: l.T(
			"Sessions that wait for a table's definition to be free, on the worst server. Five or more for half a minute is the pile-up behind a DDL "+
				"statement: end the transaction that it waits for, or the DDL.",
			"等待表元数据锁的会话数（最差的一台）。五个以上持续半分钟即为 DDL 之后的堆积：结束 DDL 所等待的事务，或结束该 DDL。"),
		noValue: noLocks(l), alerts: []string{"MySQLMetadataLockPileUp"},
	}, countUnit, "max("+metric("dbsync_mysql_metadata_lock_waiters")+")",
		levels(green, level{1, orange}, level{metadataWaiters, vermilion}), nil)
}

func transactionFigure(l Lang) dash.Panel {
	return stat(about{
		id: 7, title: l.T("Oldest transaction", "最老事务"),
		description: l.T(
			"How long the oldest open transaction has been open. It keeps its locks and every old row version; after an hour "+
				"mysql_long_transaction alerts. Find it in information_schema.innodb_trx.",
			"最老的未结束事务已持续的时间。它持有锁并阻止清理旧版本；超过一小时 mysql_long_transaction 告警。可在 information_schema.innodb_trx 中找到它。"),
		noValue: l.T("none is open", "没有未结束的事务"), alerts: []string{"MySQLLongTransaction"},
	}, secondsUnit, "max("+transactionAgeOf()+")", levels(green, level{transactionAge, orange}), nil)
}

func replicationFigure(l Lang) dash.Panel {
	return stat(about{
		id: 8, title: l.T("Replication lag", "复制延迟"),
		description: l.T(
			"How far the last replica is behind, less the delay that is wanted. No value where a replica exists means that its lag is unknown: "+
				"see the row 'Replication'.",
			"最落后的从库的延迟（已扣除有意的延迟）。存在从库却没有数值，说明延迟未知，见“复制”一行。"),
		noValue: l.T("no replica, or unknown", "没有从库，或未知"), alerts: []string{"MySQLReplicationLag", "MySQLReplicationStopped"},
	}, secondsUnit, "max("+replicationLag()+")", levels(green, level{replicationLagWarning, orange}), nil)
}
