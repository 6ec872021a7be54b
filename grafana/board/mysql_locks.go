// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func noLocks(l Lang) string {
	return l.T("collector mysql.locks is off or lacks its grants", "采集器 mysql.locks 未启用或缺少权限")
}

func rowLockWaiters(l Lang) dash.Panel {
	return graph(about{
		id: 31, title: l.T("Waiting for row locks", "等待行锁的事务"),
		description: l.T(
			"Transactions that wait for a lock of InnoDB. Spikes come and go with load; a plateau is one transaction that holds what the others need.",
			"等待 InnoDB 锁的事务数。尖峰随负载起伏；平台则是某个事务占着其他事务需要的锁。"),
		noValue: noLocks(l), links: ofSeries(l, MySQLUID),
	}, countUnit, nil, series{perInstance(metric("dbsync_mysql_row_lock_waiters")), "{{instance}}"})
}

func rowLockWait(l Lang) dash.Panel {
	return graph(about{
		id: 32, title: l.T("Longest wait for a row lock", "行锁最长等待"),
		description: l.T(
			"How long the transaction has waited that has waited longest. At innodb_lock_wait_timeout (50 s by default) its statement fails. "+
				"No line: nobody waits.",
			"等待最久的事务已等待的时间。达到 innodb_lock_wait_timeout（默认 50 秒）时其语句失败。没有曲线表示无人等待。"),
		noValue: l.T("nobody waits", "无人等待"), links: ofSeries(l, MySQLUID),
	}, secondsUnit, nil, series{perInstance(metric("dbsync_mysql_row_lock_oldest_wait_seconds")), "{{instance}}"})
}

func metadataLockWaiters(l Lang, id int) dash.Panel {
	return graph(about{
		id: id, title: l.T("Waiting for metadata locks", "等待元数据锁的会话"),
		description: l.T(
			"Sessions that wait for the definition of a table to be free. The line is the alert's: at five, a table is frozen behind a DDL statement "+
				"that itself waits for an open transaction. End that transaction first.",
			"等待表元数据锁的会话数，虚线为告警线：达到五个说明某表被冻结在一个 DDL 之后，而该 DDL 又在等待一个未结束的事务。先结束那个事务。"),
		noValue: noLocks(l), alerts: []string{"MySQLMetadataLockPileUp"}, links: ofSeries(l, MySQLUID),
	}, countUnit, levels(green, level{metadataWaiters, vermilion}),
		series{perInstance(metric("dbsync_mysql_metadata_lock_waiters")), "{{instance}}"})
}

func metadataLockWait(l Lang) dash.Panel {
	return graph(about{
		id: 34, title: l.T("Longest wait for a metadata lock", "元数据锁最长等待"),
		description: l.T(
			"How long the session has waited that has waited longest; the line is the alert's half minute. No line: nobody waits.",
			"等待最久的会话已等待的时间，虚线为告警的三十秒。没有曲线表示无人等待。"),
		noValue: l.T("nobody waits", "无人等待"), alerts: []string{"MySQLMetadataLockPileUp"}, links: ofSeries(l, MySQLUID),
	}, secondsUnit, levels(green, level{metadataWait, vermilion}),
		series{perInstance(metric("dbsync_mysql_metadata_lock_oldest_wait_seconds")), "{{instance}}"})
}

func transactionsTrend(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 35, title: l.T("Open transactions", "未结束的事务"),
		description: l.T(
			"Open InnoDB transactions of all picked servers by state. 'lock wait' are the victims; 'running' includes sessions that sit idle inside a "+
				"transaction, which are the usual culprits.",
			"所选数据库的未结束事务按状态分布。lock wait 为受害者；running 包括在事务中空闲的会话，往往是元凶。"),
		noValue: noLocks(l),
	}, countUnit, nil, series{sumBy("state", recorded("instance_state:dbsync_mysql_transactions:last")), "{{state}}"}))
}

func transactionAgeTrend(l Lang) dash.Panel {
	return graph(about{
		id: 36, title: l.T("Oldest transaction and statement", "最老的事务与语句"),
		description: l.T(
			"How long the oldest transaction has been open and the oldest client statement has run. The line is where mysql_long_transaction alerts. "+
				"A straight climb is one session: a forgotten console, a report, a stuck job.",
			"最老事务与最老语句已持续的时间，虚线为 mysql_long_transaction 的告警线。直线上升即某个会话：忘记关闭的控制台、报表或卡住的任务。"),
		noValue: l.T("none is open", "没有未结束的事务"), alerts: []string{"MySQLLongTransaction"}, links: ofSeries(l, MySQLUID),
	}, secondsUnit, levels(green, level{transactionAge, orange}),
		series{transactionAgeOf(), l.T("{{instance}} transaction", "{{instance}} 事务")},
		series{perInstance(age(metric("dbsync_mysql_oldest_query_start_timestamp_seconds"))), l.T("{{instance}} statement", "{{instance}} 语句")},
	)
}

func transactionAgeOf() string {
	return perInstance(age(metric("dbsync_mysql_oldest_transaction_start_timestamp_seconds")))
}

func deadlocksTrend(l Lang) dash.Panel {
	return graph(about{
		id: 37, title: l.T("Deadlocks", "死锁"),
		description: l.T(
			"Deadlocks per second that InnoDB resolved by rolling one side back. The application must repeat that transaction; a new steady rate "+
				"means that two code paths lock in opposite order: SHOW ENGINE INNODB STATUS shows the last pair.",
			"InnoDB 通过回滚一方解决的死锁（每秒）。应用必须重试被回滚的事务；出现新的稳定速率说明两段代码加锁顺序相反，用 SHOW ENGINE INNODB STATUS 查看最近一对。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, eventsUnit, nil, series{perInstance(recordedRate("dbsync_mysql_deadlocks")), "{{instance}}"})
}

func historyListTrend(l Lang) dash.Panel {
	return graph(about{
		id: 38, title: l.T("Changes not purged yet", "未清理的变更"),
		description: l.T(
			"Row versions that InnoDB keeps for open transactions (history list length). A climb that never falls makes every read slower: find the "+
				"oldest transaction, on the replicas as well.",
			"InnoDB 为未结束事务保留的旧版本数（history list length）。只升不降会使所有读取变慢：找出最老的事务，从库上也要查。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, shortUnit, nil, series{perInstance(metric("dbsync_mysql_history_list_length")), "{{instance}}"})
}
