// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// ofChange gives one value per schema change in progress.
func ofChange(name string) string { return maxBy("instance, schema, table, method", metric(name)) }

const changeLegend = "{{instance}} {{schema}}.{{table}} {{method}}"

func noChange(l Lang) string {
	return l.T("no schema change runs that the account can see", "没有账号可见的结构变更在执行")
}

func schemaChangeTable(l Lang) dash.Panel {
	return table(about{
		id: 24, title: l.T("Schema changes in progress", "进行中的结构变更"),
		description: l.T(
			"ALTER TABLE of InnoDB or MariaDB, gh-ost, pt-online-schema-change and Spirit at work. Until the end counts on the pace so far. Paused is "+
				"gh-ost sparing the server. Do not kill a copy at 90 % without knowing what its rollback costs.",
			"执行中的 ALTER TABLE（InnoDB、MariaDB）、gh-ost、pt-online-schema-change 与 Spirit。剩余时间按已有进度推算；暂停表示 gh-ost 在让路。不清楚回滚代价时，不要在 90% 处终止。"),
		noValue: noChange(l), alerts: []string{"SchemaChangeStalled", "SchemaChangeStopped"},
	}, ascending(l.T("Until the end", "剩余时间")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MigrationsUID, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "table", title: l.T("Table", "表")},
		column{label: "method", title: l.T("Method", "方式")},
		column{hidden: true, expr: ofChange("dbsync_schema_change_running")},
		column{title: l.T("Done", "进度"), unit: ratioUnit, expr: ofChange("dbsync_schema_change_progress_ratio")},
		column{title: l.T("Until the end", "剩余时间"), unit: secondsUnit, expr: ofChange("dbsync_schema_change_eta_seconds")},
		column{title: l.T("Runs for", "已执行"), unit: secondsUnit, expr: age(ofChange("dbsync_schema_change_start_timestamp_seconds"))},
		column{title: l.T("Rows copied", "已复制行"), unit: shortUnit, expr: ofChange("dbsync_schema_change_rows_copied")},
		column{title: l.T("Rows to copy", "需复制行"), unit: shortUnit, expr: ofChange("dbsync_schema_change_rows_estimated")},
		column{title: l.T("Paused", "暂停"), expr: ofChange("dbsync_schema_change_throttled"), mappings: states(
			state{"0", l.T("▶ no", "▶ 否"), green},
			state{"1", l.T("… yes", "… 是"), orange},
		)},
		column{title: l.T("Last sign of life", "最近活动"), unit: agoUnit, expr: millis(ofChange("dbsync_schema_change_last_activity_timestamp_seconds"))},
	)
}

func schemaChangeProgress(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 25, title: l.T("Progress of schema changes", "结构变更进度"),
		description: l.T(
			"How much of each change is done. A line that flattens is throttled, waits for a lock, or meets a busier server; one that ends below "+
				"100 % was given up, and its tables may be left behind.",
			"各变更的完成比例。变平说明被限速、在等锁或服务器更忙；未到 100% 就结束说明已放弃，可能留下残余表。"),
		noValue: noChange(l), alerts: []string{"SchemaChangeStalled"}, links: ofSeries(l, MigrationsUID, MySQLUID),
	}, ratioUnit, nil, series{ofChange("dbsync_schema_change_progress_ratio"), changeLegend}))
}

func schemaChangeLeftovers(l Lang) dash.Panel {
	of := func(name string) string { return maxBy("instance, schema, method, kind", metric(name)) }
	return table(about{
		id: 26, title: l.T("Left behind by gh-ost, pt-osc and Spirit", "gh-ost、pt-osc 与 Spirit 的残余"),
		description: l.T(
			"Tables and triggers of changes that were given up. A trigger writes every change of its table twice: drop triggers first, then the tables.",
			"已放弃的变更遗留的表与触发器。触发器会让每次修改写两遍：先删除触发器，再删除表。"),
		noValue: l.T("nothing is left behind", "没有残余"), alerts: []string{"SchemaChangeLeftovers"},
	}, descending(l.T("Size", "大小")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MigrationsUID, MySQLUID)},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "method", title: l.T("Method", "方式")},
		column{label: "kind", title: l.T("What", "类型")},
		column{title: l.T("Number", "数量"), unit: countUnit, expr: of("dbsync_schema_change_leftovers"), thresholds: levels("text", level{1, orange})},
		column{title: l.T("Size", "大小"), unit: bytesUnit, expr: of("dbsync_schema_change_leftover_bytes")},
		column{title: l.T("Since", "始于"), unit: agoUnit, expr: millis(of("dbsync_schema_change_leftover_oldest_timestamp_seconds"))},
	)
}

func fingerprintTable(l Lang) dash.Panel {
	hashes := "count by (schema, hash) (" + metric("dbsync_schema_fingerprint_info") + ")"
	return table(about{
		id: 54, title: l.T("Is a schema the same everywhere?", "各处表结构是否一致"),
		description: l.T(
			"How many picked servers have each schema, and in how many variants. Pick the servers that should be alike: more than one variant is drift, "+
				"and `dbsyncctl check drift A B` names what differs, object by object.",
			"所选数据库中每个库的份数与变体数。请选择应当一致的数据库：多于一个变体即为偏差，用 `dbsyncctl check drift A B` 逐项查看差异。"),
		noValue: l.T("no schema under migrations.compare_schemas", "migrations.compare_schemas 未配置"), alerts: []string{"SchemaDrift"},
	}, descending(l.T("Variants", "变体数")),
		column{label: "schema", title: l.T("Schema", "库")},
		column{title: l.T("Servers", "数据库数"), unit: countUnit, expr: "sum by (schema) (" + hashes + ")"},
		column{title: l.T("Variants", "变体数"), unit: countUnit, expr: "count by (schema) (" + hashes + ")",
			thresholds: levels("text", level{2, orange})},
	)
}

func noChecksums(l Lang) string {
	return l.T("no table of pt-table-checksum is found", "未发现 pt-table-checksum 的结果表")
}

func differingChunks(l Lang) dash.Panel {
	return bars(about{
		id: 55, title: l.T("Replicas that differ from their source", "与主库数据不一致的从库"),
		description: l.T(
			"Chunks in which a replica's rows were not those of its source when pt-table-checksum last compared them, the 20 worst tables. Above 0: do "+
				"not fail over to it; look with pt-table-sync --print first.",
			"pt-table-checksum 最近一次比较时从库与主库不同的数据块（最差的 20 张表）。大于 0：不要切换到该从库，先用 pt-table-sync --print 查看。"),
		noValue: noChecksums(l), alerts: []string{"ReplicaDiffers"}, links: ofSeries(l, MigrationsUID, MySQLUID),
	}, countUnit, levels(green, level{1, vermilion}), series{
		top(20, maxBy("instance, schema, table", metric("dbsync_consistency_different_chunks"))), "{{instance}} {{schema}}.{{table}}",
	})
}

func checksumAge(l Lang) dash.Panel {
	return graph(about{
		id: 56, title: l.T("Age of the last comparison", "距上次比较的时间"),
		description: l.T(
			"Time since pt-table-checksum compared anything on each server. A line that climbs for weeks is a comparison that nobody runs: then nobody "+
				"knows whether the replicas are the same.",
			"各数据库距 pt-table-checksum 上次比较的时间。连升数周说明无人执行比较，从库是否一致无从得知。"),
		noValue: noChecksums(l), links: ofSeries(l, MigrationsUID),
	}, secondsUnit, nil, series{
		age("max by (instance) (" + metric("dbsync_consistency_last_check_timestamp_seconds") + ")"), "{{instance}}",
	})
}

func syncTasks(l Lang) dash.Panel {
	of := func(name string) string { return maxBy("instance, schema, tool, task", metric("dbsync_sync_"+name)) }
	return table(about{
		id: 57, title: l.T("Tasks that copy data", "数据同步任务"),
		description: l.T(
			"AWS DMS, Maxwell, TiDB DM and Vitess by their own tables. Lost are changes that could not be applied, out are tables that the task has "+
				"given up, different is what its own comparison found. Any of them above 0: do not switch over. An empty cell: the tool does not say.",
			"AWS DMS、Maxwell、TiDB DM、Vitess 控制表中的任务。未应用、已挂起、差异任一大于 0：请勿切换。空白表示该工具不提供。"),
		noValue: l.T("no control tables of such a tool are found", "未发现此类工具的控制表"), alerts: []string{"SyncTaskFailing"},
	}, descending(l.T("Different", "差异")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, MigrationsUID, MySQLUID)},
		column{label: "tool", title: l.T("Tool", "工具")},
		column{label: "schema", title: l.T("Schema", "库")},
		column{label: "task", title: l.T("Task", "任务")},
		column{title: l.T("Runs", "运行"), expr: of("running"), mappings: states(
			state{"0", l.T("■ no", "■ 否"), orange},
			state{"1", l.T("▶ yes", "▶ 是"), green},
		)},
		column{title: l.T("Different", "差异"), unit: countUnit, expr: of("differences"), thresholds: levels("text", level{1, vermilion})},
		column{title: l.T("Lost", "未应用"), unit: countUnit, expr: of("errors"), thresholds: levels("text", level{1, orange})},
		column{title: l.T("Out", "已挂起"), unit: countUnit, expr: of("tables_suspended"), thresholds: levels("text", level{1, vermilion})},
		column{title: l.T("Seen", "最近活动"), unit: agoUnit, expr: millis(of("last_activity_timestamp_seconds"))},
		column{title: l.T("Has changes until", "已同步至"), unit: agoUnit, expr: millis(of("applied_timestamp_seconds"))},
	)
}

func heartbeatLag(l Lang) dash.Panel {
	return graph(about{
		id: 58, title: l.T("Lag by pt-heartbeat", "pt-heartbeat 延迟"),
		description: l.T(
			"How old the newest heartbeat of each origin is when it is read here, all servers between included. A line that climbs without end on "+
				"every server is a pt-heartbeat that died, or the row of a server that is gone.",
			"各来源最新心跳在此处读取时的时长（包含中间所有服务器）。若在所有服务器上一直上升，说明 pt-heartbeat 已停止，或来源服务器已下线。"),
		noValue: l.T("no table of pt-heartbeat is found", "未发现 pt-heartbeat 的表"), alerts: []string{"ReplicationHeartbeatLag", "HeartbeatStale"},
		links: ofSeries(l, MigrationsUID, MySQLUID),
	}, secondsUnit, nil, series{
		maxBy("instance, server_id", metric("mysql_heartbeat_now_timestamp_seconds")+" - "+metric("mysql_heartbeat_stored_timestamp_seconds")),
		"{{instance}} of {{server_id}}",
	})
}

func errantTransactions(l Lang) dash.Panel {
	return graph(about{
		id: 59, title: l.T("Transactions that source and replica do not share", "主从不一致的事务"),
		description: l.T(
			"For targets that the configuration gives a source. Missing ones are on their way, or the replica has stopped. Errant ones only the replica "+
				"has: somebody wrote there, or a failover lost them; do not fail over to it.",
			"针对配置了 source 的目标。missing 表示尚未到达或复制已停止；errant 表示只有从库才有的事务（有人写了从库或切换时丢失），请勿切换到它。"),
		noValue: l.T("no target has a source in the configuration", "配置中没有目标设置 source"), alerts: []string{"ErrantTransactions"},
		links: ofSeries(l, MigrationsUID, MySQLUID),
	}, countUnit, nil,
		series{maxBy("instance", metric("dbsync_replication_errant_transactions")), "{{instance}} errant"},
		series{maxBy("instance", metric("dbsync_replication_gtid_missing_transactions")), "{{instance}} missing"},
	)
}
