// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func noServer(l Lang) string {
	return l.T("no server up in this time", "该时段没有在线的数据库")
}

func bufferPoolHitsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 41, title: l.T("Buffer pool hits", "缓冲池命中率"),
		description: l.T(
			"Share of page reads that needed no disk. A fall after a restart is the pool warming up; a fall with a new report or a mass load is data "+
				"that pushes the working set out.",
			"无需读盘的页读取比例。重启后下降为缓冲池预热；随报表或批量导入下降，则是工作集被挤出。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, ratioUnit, nil, series{bufferPoolHits(), "{{instance}}"})
}

func bufferPoolPages(l Lang) dash.Panel {
	of := func(state string) string {
		return "sum(" + recorded("instance_state:mysql_buffer_pool_bytes:sum", `state="`+state+`"`) + ")"
	}
	dirty := "sum(" + recorded("instance:mysql_buffer_pool_dirty_bytes:sum") + ")"
	return stacked(graph(about{
		id: 42, title: l.T("Buffer pool contents", "缓冲池内容"),
		description: l.T(
			"What the buffer pools of all picked servers hold. No free part is normal once it is warm. A growing dirty part is writing that the disk "+
				"cannot follow: checkpoints become expensive.",
			"所选数据库缓冲池的内容。预热后没有空闲属正常。脏页增多说明磁盘跟不上写入，检查点代价变大。"),
		noValue: noServer(l),
	}, bytesUnit, nil,
		series{of("data") + " - " + dirty, l.T("clean data", "干净数据")},
		series{dirty, l.T("dirty data", "脏数据")},
		series{of("misc"), l.T("other", "其他")},
		series{of("free"), l.T("free", "空闲")},
	))
}

func rowOperations(l Lang) dash.Panel {
	return graph(about{
		id: 43, title: l.T("Row operations", "行操作"),
		description: l.T(
			"What the servers asked of their storage engines per second, over all picked servers: rows written, changed, deleted, and read by key, in the "+
				"order of an index, or one after the other (read_rnd_next, a scan). Scans that outnumber all else: see the table 'Statements by schema'.",
			"所选数据库每秒对存储引擎的操作：写入、修改、删除，以及按键、按索引顺序或逐行（read_rnd_next，即扫描）读取。扫描远多于其他操作时见表“各库语句”。"),
		noValue: noServer(l),
	}, opsUnit, nil,
		series{sumBy("handler", recorded("instance_handler:mysql_global_status_handlers:rate5m")), "{{handler}}"})
}

func dataTrafficTrend(l Lang) dash.Panel {
	return graph(about{
		id: 44, title: l.T("Data read and written", "数据读写量"),
		description: l.T(
			"Bytes per second between InnoDB and its files. Reads grow when the working set no longer fits the buffer pool; writes beyond the "+
				"application's own are a DDL, a purge or a backup.",
			"InnoDB 与数据文件之间每秒的字节数。工作集放不进缓冲池时读取增加；超出应用自身的写入来自 DDL、清理或备份。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID, HostUID),
	}, rateUnit, nil,
		series{perInstance(recordedRate("mysql_global_status_innodb_data_read")), l.T("{{instance}} read", "{{instance}} 读")},
		series{perInstance(recordedRate("mysql_global_status_innodb_data_written")), l.T("{{instance}} written", "{{instance}} 写")},
	)
}

func syncsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 45, title: l.T("Syncs and waits for the log", "刷盘与日志等待"),
		description: l.T(
			"fsync calls per second: each commit costs about one at innodb_flush_log_at_trx_commit=1, so that a slow disk limits commits. "+
				"Waits: the redo log's buffer was full; raise innodb_log_buffer_size if they persist.",
			"每秒 fsync 次数：innodb_flush_log_at_trx_commit=1 时每次提交约一次，磁盘慢会限制提交。等待：重做日志缓冲已满，若持续请调大 innodb_log_buffer_size。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID, HostUID),
	}, opsUnit, nil,
		series{perInstance(recordedRate("mysql_global_status_innodb_data_fsyncs")), "{{instance}} fsync"},
		series{perInstance(recordedRate("mysql_global_status_innodb_log_waits")), l.T("{{instance}} wait", "{{instance}} 等待")},
	)
}

func redoTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 46, title: l.T("Redo log in use", "重做日志使用率"),
		description: l.T(
			"Share of the redo log that is not checkpointed yet. Near full, InnoDB flushes pages at any price and every write stalls: "+
				"make the log larger (innodb_redo_log_capacity, innodb_log_file_size). MySQL before 8.0.30 does not tell.",
			"尚未做检查点的重做日志比例。接近满时 InnoDB 会强制刷页，所有写入停顿：请增大日志（innodb_redo_log_capacity、innodb_log_file_size）。8.0.30 之前的 MySQL 不提供。"),
		noValue: l.T("MySQL before 8.0.30 does not tell", "8.0.30 之前的 MySQL 不提供"), links: ofSeries(l, MySQLUID),
	}, ratioUnit, nil, series{perInstance(recorded("instance:mysql_redo_log_used:ratio")), "{{instance}}"}))
}
