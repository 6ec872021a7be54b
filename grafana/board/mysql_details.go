// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func temporaryTables(l Lang) dash.Panel {
	return graph(about{
		id: 71, title: l.T("Temporary tables", "临时表"),
		description: l.T(
			"Temporary tables per second that statements needed for sorting, grouping and derived tables. It grows with reports; only those on disk hurt.",
			"语句为排序、分组和派生表每秒创建的临时表。报表会使其增加；只有落盘的才有害。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{perInstance(recordedRate("mysql_global_status_created_tmp_tables")), "{{instance}}"})
}

func temporaryOnDisk(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 72, title: l.T("Temporary tables on disk", "落盘临时表比例"),
		description: l.T(
			"Share of the temporary tables that did not fit into memory or held large columns. A quarter and more for long: raise tmp_table_size "+
				"(temptable_max_ram), or find the statement that selects TEXT and BLOB columns to sort them.",
			"因放不进内存或含大字段而落盘的临时表比例。长期超过四分之一：调大 tmp_table_size（temptable_max_ram），或找出对 TEXT、BLOB 列排序的语句。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, ratioUnit, nil, series{
		ratio(perInstance(recordedRate("mysql_global_status_created_tmp_disk_tables")), perInstance(recordedRate("mysql_global_status_created_tmp_tables"))), "{{instance}}",
	}))
}

func fullScans(l Lang) dash.Panel {
	return graph(about{
		id: 73, title: l.T("Scans without an index", "无索引扫描"),
		description: l.T(
			"Statements per second that read a whole table, and joins that found no index for the second table. Scans of small tables are fine; joins "+
				"without an index hardly ever are.",
			"每秒全表扫描的语句数，以及第二张表无可用索引的连接。小表扫描无妨；无索引的连接几乎总是问题。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil,
		series{perInstance(recordedRate("mysql_global_status_select_scan")), l.T("{{instance}} scan", "{{instance}} 扫描")},
		series{perInstance(recordedRate("mysql_global_status_select_full_join")), l.T("{{instance}} join", "{{instance}} 连接")},
	)
}

func sortPasses(l Lang) dash.Panel {
	return graph(about{
		id: 74, title: l.T("Sorts that needed several passes", "多趟排序"),
		description: l.T(
			"Merge passes per second of sorts that did not fit into sort_buffer_size. A steady rate: raise it for that session, or give the ORDER BY an index.",
			"排序放不进 sort_buffer_size 时每秒的归并趟数。持续出现：为该会话调大，或为 ORDER BY 建索引。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{perInstance(recordedRate("mysql_global_status_sort_merge_passes")), "{{instance}}"})
}

func tableCacheMisses(l Lang) dash.Panel {
	return graph(about{
		id: 81, title: l.T("Table cache misses", "表缓存未命中"),
		description: l.T(
			"Tables per second that had to be opened because the cache lacked them. A steady rate with a full cache: raise table_open_cache; "+
				"a burst is a restart, FLUSH TABLES or a DDL.",
			"每秒因不在缓存而需打开的表。缓存已满且持续出现：调大 table_open_cache；突增来自重启、FLUSH TABLES 或 DDL。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{perInstance(recordedRate("mysql_global_status_table_open_cache_misses")), "{{instance}}"})
}

func openFiles(l Lang) dash.Panel {
	return graph(about{
		id: 82, title: l.T("Open tables", "已打开的表"),
		description: l.T(
			"Tables in the cache as a share of table_open_cache. Full is normal for many tables; full with misses is too small.",
			"缓存中的表占 table_open_cache 的比例。表多时满属正常；满且有未命中则太小。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, ratioUnit, nil, series{
		ratio(perInstance(metric("mysql_global_status_open_tables")), perInstance(metric("mysql_global_variables_table_open_cache"))), "{{instance}}",
	})
}

func networkTraffic(l Lang) dash.Panel {
	return graph(about{
		id: 83, title: l.T("Bytes from and to clients", "客户端流量"),
		description: l.T(
			"Bytes per second that clients sent and received. Much more sent than before for the same statements: a query without LIMIT, or large columns.",
			"客户端每秒收发的字节数。语句数不变而发送量大增：缺少 LIMIT 的查询或大字段。"),
		noValue: noServer(l), links: ofSeries(l, MySQLUID),
	}, rateUnit, nil,
		series{perInstance(recordedRate("mysql_global_status_bytes_received")), l.T("{{instance}} received", "{{instance}} 接收")},
		series{perInstance(recordedRate("mysql_global_status_bytes_sent")), l.T("{{instance}} sent", "{{instance}} 发送")},
	)
}

func noSizes(l Lang) string {
	return l.T("collector mysql.schema_size is off or lacks PROCESS; it reads every 10 minutes", "采集器 mysql.schema_size 未启用或缺少 PROCESS 权限；每 10 分钟读取一次")
}

func schemaSizes(l Lang) dash.Panel {
	return bars(about{
		id: 91, title: l.T("Largest schemas", "最大的库"),
		description: l.T(
			"Size of the 20 largest schemas, rows and indexes together, as InnoDB estimates it. It says where the disk goes; the trend beside it, how fast.",
			"最大的 20 个库的大小（数据加索引），由 InnoDB 估算。它说明磁盘用在哪里，旁边的趋势说明增长多快。"),
		noValue: noSizes(l), links: ofSeries(l, MySQLUID),
	}, bytesUnit, levels(blue),
		series{top(20, sumBy("instance, schema", metric("dbsync_mysql_schema_size_bytes"))), "{{instance}} {{schema}}"})
}

func schemaSizeTrend(l Lang) dash.Panel {
	return graph(about{
		id: 92, title: l.T("Size of the databases", "数据库大小趋势"),
		description: l.T(
			"Size of all schemas of each server. A jump is a mass load, a copy for a schema change, or a table that nobody cleans.",
			"每台数据库所有库的总大小。跳升来自批量导入、结构变更的副本，或无人清理的表。"),
		noValue: noSizes(l), alerts: []string{"MySQLSchemaGrowthUnusual"}, links: ofSeries(l, MySQLUID, HostUID),
	}, bytesUnit, nil, series{perInstance(recorded("instance:dbsync_mysql_schema_size_bytes:sum")), "{{instance}}"})
}

func largestTables(l Lang) dash.Panel {
	return table(about{
		id: 93, title: l.T("Largest tables", "最大的表"),
		description: l.T(
			"The largest tables of the picked servers. An index part as large as the rows deserves a look for unused indexes.",
			"所选数据库中最大的表。索引与数据一样大时，应检查是否有未使用的索引。"),
		noValue: noSizes(l),
	}, descending(l.T("Rows", "数据")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "table", title: l.T("Table", "表")},
		column{title: l.T("Rows", "数据"), unit: bytesUnit,
			expr: top(50, maxBy("instance, schema, table", metric("dbsync_mysql_table_size_bytes", `component="data"`)))},
		column{title: l.T("Indexes", "索引"), unit: bytesUnit,
			expr: top(50, maxBy("instance, schema, table", metric("dbsync_mysql_table_size_bytes", `component="index"`)))},
	)
}

func autoIncrementTable(l Lang) dash.Panel {
	return table(about{
		id: 94, title: l.T("Keys that run out", "即将耗尽的自增键"),
		description: l.T(
			"How much of an AUTO_INCREMENT column's range is used. At 100 % every INSERT fails: plan the change to BIGINT well before, "+
				"as it copies the table.",
			"AUTO_INCREMENT 列取值范围的使用比例。达到 100% 后所有 INSERT 失败：改为 BIGINT 需要复制整表，应提前规划。"),
		noValue: l.T("no AUTO_INCREMENT column, or collector mysql.auto_increment is off", "没有 AUTO_INCREMENT 列，或采集器 mysql.auto_increment 未启用"),
		alerts:  []string{"MySQLAutoIncrementRunningOut"},
	}, descending(l.T("Used", "已用")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "table", title: l.T("Table", "表")},
		column{label: "column", title: l.T("Column", "列")},
		column{title: l.T("Used", "已用"), unit: ratioUnit,
			expr: top(50, maxBy("instance, schema, table, column", metric("dbsync_mysql_auto_increment_used_ratio")))},
	)
}

func queryCacheHits(l Lang) dash.Panel {
	hits, selects := perInstance(recordedRate("mysql_global_status_qcache_hits")), perInstance(recorded("instance_command:mysql_global_status_commands:rate5m", `command="select"`))
	return upTo(1, graph(about{
		id: 101, title: l.T("Query cache hits", "查询缓存命中率"),
		description: l.T(
			"Share of selects that the query cache answered. MySQL 8 has none. Below a third it costs more than it gives: every write empties "+
				"entries under one global lock.",
			"由查询缓存应答的 select 比例。MySQL 8 没有查询缓存。低于三分之一则得不偿失：每次写入都要在全局锁下清除缓存。"),
		noValue: l.T("no MariaDB, or its query cache is off or idle", "不是 MariaDB，或查询缓存关闭或空闲"), links: ofSeries(l, MySQLUID),
	}, ratioUnit, nil, series{ratio(hits, "("+hits+" + "+selects+")"), "{{instance}}"}))
}

func queryCachePrunes(l Lang) dash.Panel {
	return graph(about{
		id: 102, title: l.T("Query cache evictions", "查询缓存淘汰"),
		description: l.T(
			"Results per second that were dropped for want of memory. A steady rate: the cache is too small or does not fit this load.",
			"每秒因内存不足被淘汰的结果。持续出现：缓存过小或不适合该负载。"),
		noValue: l.T("no MariaDB with a query cache", "没有启用查询缓存的 MariaDB"), links: ofSeries(l, MySQLUID),
	}, opsUnit, nil, series{perInstance(recordedRate("mysql_global_status_qcache_lowmem_prunes")), "{{instance}}"})
}

func noGalera(l Lang) string {
	return l.T("no picked server is a member of a Galera cluster", "所选数据库都不是 Galera 集群成员")
}

func galeraMembers(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 111, title: l.T("Cluster members", "集群成员数"),
		description: l.T(
			"How many members each member sees. Members that disagree are a split: the side without a majority stops accepting statements.",
			"每个成员看到的成员数。若不一致则发生了分裂：少数一侧停止接受语句。"),
		noValue: noGalera(l), links: ofSeries(l, MySQLUID),
	}, countUnit, nil, series{perInstance(metric("mysql_global_status_wsrep_cluster_size")), "{{instance}}"}))
}

func galeraFlowControl(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 112, title: l.T("Time paused by flow control", "流控暂停时间占比"),
		description: l.T(
			"Share of time in which the cluster waited for its slowest member. Above a few percent all writes suffer: look at the disk and load of "+
				"the member with the longest receive queue.",
			"集群等待最慢成员的时间比例。超过百分之几则所有写入受影响：检查接收队列最长的成员的磁盘与负载。"),
		noValue: noGalera(l), links: ofSeries(l, MySQLUID),
	}, ratioUnit, nil, series{perInstance(recordedRate("mysql_global_status_wsrep_flow_control_paused_ns")) + " / 1e9", "{{instance}}"}))
}

func galeraQueues(l Lang) dash.Panel {
	return graph(about{
		id: 113, title: l.T("Receive queue", "接收队列"),
		description: l.T(
			"Write sets that wait to be applied on each member. A queue that stays is the member that slows the others down.",
			"各成员待应用的写集。长期积压的成员就是拖慢其他成员的那个。"),
		noValue: noGalera(l), links: ofSeries(l, MySQLUID),
	}, countUnit, nil, series{perInstance(metric("mysql_global_status_wsrep_local_recv_queue")), "{{instance}}"})
}
