// SPDX-License-Identifier: Apache-2.0

package mysql

// variable is a status or system variable that is given as a family of its own.
type variable struct {
	name string // in lower case, as it stands in the family's name
	on   string // where it is, when not everywhere
	help string
}

// Where a variable is not everywhere.
const (
	onMySQL    = "MySQL"
	onMySQL8   = "MySQL 8.0+"
	onMariaDB  = "MariaDB"
	onGalera   = "members of a Galera cluster"
	onSemiSync = "where the semi-synchronous plugin of this name is loaded"
)

// statusVariables are the status variables that mysql.status gives one by one:
// those of mysqld-mixin, and what else tells how a server fares. The others are
// mysql.status.all's.
//
//nolint:gochecknoglobals // a table
var statusVariables = []variable{
	// Connections and threads.
	{"aborted_clients", "", "Connections that ended without being closed by the client."},
	{"aborted_connects", "", "Attempts to connect that failed."},
	{"aborted_connects_preauth", onMariaDB, "Attempts to connect that ended before a login was tried."},
	{"access_denied_errors", onMariaDB, "Accesses that were denied for lack of a privilege or a right password."},
	{"connections", "", "Attempts to connect, successful or not."},
	{"max_used_connections", "", "Most connections at once since the start or the last FLUSH STATUS."},
	{"locked_connects", onMySQL, "Attempts to connect to locked accounts."},
	{"threads_cached", "", "Threads that wait for a connection to serve."},
	{"threads_connected", "", "Connections that are open now."},
	{"threads_created", "", "Threads created to serve connections."},
	{"threads_running", "", "Threads that are not asleep."},
	{"threadpool_threads", onMariaDB, "Threads of the thread pool."},
	{"threadpool_idle_threads", onMariaDB, "Threads of the thread pool that have nothing to do."},
	{"slow_launch_threads", "", "Threads that took longer than slow_launch_time to create."},
	{"bytes_received", "", "Bytes received from all clients."},
	{"bytes_sent", "", "Bytes sent to all clients."},
	{"ssl_accepts", "", "TLS connections accepted."},
	{"ssl_finished_accepts", "", "TLS connections whose handshake was completed."},
	{"ssl_server_not_before", "", "Begin of the validity of the server's certificate, in Unix time."},
	{"ssl_server_not_after", "", "End of the validity of the server's certificate, in Unix time."},
	{"uptime", "", "Seconds since the start of the server."},
	{"uptime_since_flush_status", "", "Seconds since the last FLUSH STATUS."},

	// Statements.
	{"queries", "", "Statements executed, those inside of stored programs included."},
	{"questions", "", "Statements that clients sent."},
	{"slow_queries", "", "Statements that took longer than long_query_time."},
	{"prepared_stmt_count", "", "Prepared statements that are open now."},
	{"max_execution_time_exceeded", onMySQL, "SELECT statements ended by max_execution_time."},
	{"max_statement_time_exceeded", onMariaDB, "Statements ended by max_statement_time."},
	{"select_full_join", "", "Joins that scan a table for lack of an index. Should be 0."},
	{"select_full_range_join", "", "Joins that used a range search on a reference table."},
	{"select_range", "", "Joins that used a range of the first table."},
	{"select_range_check", "", "Joins without a key that check for one after each row. Should be 0."},
	{"select_scan", "", "Joins that scanned the first table."},
	{"sort_merge_passes", "", "Merge passes of sorts that exceeded sort_buffer_size."},
	{"sort_range", "", "Sorts of a range."},
	{"sort_rows", "", "Rows sorted."},
	{"sort_scan", "", "Sorts of a whole table."},
	{"sort_priority_queue_sorts", onMariaDB, "Sorts done by a priority queue (ORDER BY ... LIMIT)."},
	{"created_tmp_tables", "", "Temporary tables created to execute statements."},
	{"created_tmp_disk_tables", "", "Temporary tables created on disk to execute statements."},
	{"created_tmp_files", "", "Temporary files created."},
	{"count_hit_tmp_table_size", "MySQL 9", "Temporary tables in memory that reached tmp_table_size and went to disk."},
	{"temptable_count_hit_max_ram", "MySQL 9", "Temporary tables that went to disk for temptable_max_ram."},
	{"empty_queries", onMariaDB, "Statements that returned no rows."},
	{"rows_read", onMariaDB, "Rows read from tables that are not temporary."},
	{"rows_sent", onMariaDB, "Rows sent to clients."},
	{"rows_tmp_read", onMariaDB, "Rows read from temporary tables."},
	{"executed_triggers", onMariaDB, "Triggers executed."},
	{"executed_events", onMariaDB, "Events of the scheduler executed."},
	{"flush_commands", onMySQL, "Times that tables were flushed."},

	// Memory.
	{"memory_used", onMariaDB, "Bytes of memory that the server counts as its own."},
	{"global_connection_memory", onMySQL8, "Bytes that user connections hold, where global_connection_memory_tracking is on."},

	// Tables and files.
	{"open_files", "", "Files that are open now."},
	{"open_streams", "", "Streams that are open now."},
	{"open_table_definitions", "", "Table definitions in the cache."},
	{"open_tables", "", "Tables that are open now."},
	{"opened_files", "", "Files opened."},
	{"opened_table_definitions", "", "Table definitions read into the cache."},
	{"opened_tables", "", "Tables opened: table_open_cache may be too small when it grows fast."},
	{"table_locks_immediate", "", "Table locks granted at once."},
	{"table_locks_waited", "", "Table locks that had to be waited for."},
	{"table_open_cache_hits", "", "Tables found in the cache of open tables."},
	{"table_open_cache_misses", "", "Tables not found in the cache of open tables."},
	{"table_open_cache_overflows", "", "Tables that exceeded the cache of open tables."},

	// MyISAM, Aria and the query cache.
	{"key_blocks_not_flushed", "", "Changed blocks of the key cache not yet on disk."},
	{"key_blocks_unused", "", "Blocks of the key cache that are free."},
	{"key_blocks_used", "", "Most blocks of the key cache in use at once."},
	{"key_read_requests", "", "Reads of a key block from the cache."},
	{"key_reads", "", "Reads of a key block from disk."},
	{"key_write_requests", "", "Writes of a key block to the cache."},
	{"key_writes", "", "Writes of a key block to disk."},
	{"aria_pagecache_blocks_not_flushed", onMariaDB, "Changed blocks of the Aria page cache not yet on disk."},
	{"aria_pagecache_blocks_unused", onMariaDB, "Blocks of the Aria page cache that are free."},
	{"aria_pagecache_blocks_used", onMariaDB, "Most blocks of the Aria page cache in use at once."},
	{"aria_pagecache_read_requests", onMariaDB, "Reads from the Aria page cache."},
	{"aria_pagecache_reads", onMariaDB, "Reads of the Aria page cache from disk."},
	{"aria_pagecache_write_requests", onMariaDB, "Writes to the Aria page cache."},
	{"aria_pagecache_writes", onMariaDB, "Writes of the Aria page cache to disk."},
	{"qcache_free_blocks", onQueryCache, "Free blocks of the query cache."},
	{"qcache_free_memory", onQueryCache, "Free bytes of the query cache."},
	{"qcache_hits", onQueryCache, "Results found in the query cache."},
	{"qcache_inserts", onQueryCache, "Results put into the query cache."},
	{"qcache_lowmem_prunes", onQueryCache, "Results removed from the query cache for lack of memory."},
	{"qcache_not_cached", onQueryCache, "Statements whose result was not or could not be cached."},
	{"qcache_queries_in_cache", onQueryCache, "Results in the query cache."},
	{"qcache_total_blocks", onQueryCache, "Blocks of the query cache."},

	// Binary log and replication.
	{"binlog_cache_disk_use", "", "Transactions that exceeded binlog_cache_size and used a file."},
	{"binlog_cache_use", "", "Transactions that used the cache of the binary log."},
	{"binlog_stmt_cache_disk_use", "", "Changes outside of transactions that exceeded binlog_stmt_cache_size and used a file."},
	{"binlog_stmt_cache_use", "", "Changes outside of transactions that used the cache of the binary log."},
	{"binlog_bytes_written", onMariaDB, "Bytes written to the binary log."},
	{"binlog_commits", onMariaDB, "Transactions committed to the binary log."},
	{"binlog_group_commits", onMariaDB, "Groups in which transactions were committed to the binary log."},
	{"slaves_connected", onMariaDB, "Replicas that are connected."},
	{"slaves_running", onMariaDB, "Replication connections of which both threads run."},
	{"slave_retried_transactions", onMariaDB, "Transactions that the applier had to try again."},
	{"slave_open_temp_tables", "", "Temporary tables that the applier has open: stop it safely at 0 only."},
	{"rpl_semi_sync_master_clients", onSemiSync, "Semi-synchronous replicas that are connected."},
	{"rpl_semi_sync_master_no_tx", onSemiSync, "Commits that no replica acknowledged."},
	{"rpl_semi_sync_master_status", onSemiSync, "Whether commits wait for a replica; 0 while the source has fallen back to asynchronous replication."},
	{"rpl_semi_sync_master_wait_sessions", onSemiSync, "Sessions that wait for a replica now."},
	{"rpl_semi_sync_master_yes_tx", onSemiSync, "Commits that a replica acknowledged."},
	{"rpl_semi_sync_slave_status", onSemiSync, "Whether this replica acknowledges commits."},
	{"rpl_semi_sync_source_clients", onSemiSync, "Semi-synchronous replicas that are connected."},
	{"rpl_semi_sync_source_no_tx", onSemiSync, "Commits that no replica acknowledged."},
	{"rpl_semi_sync_source_status", onSemiSync, "Whether commits wait for a replica; 0 while the source has fallen back to asynchronous replication."},
	{"rpl_semi_sync_source_wait_sessions", onSemiSync, "Sessions that wait for a replica now."},
	{"rpl_semi_sync_source_yes_tx", onSemiSync, "Commits that a replica acknowledged."},
	{"rpl_semi_sync_replica_status", onSemiSync, "Whether this replica acknowledges commits."},

	// InnoDB's buffer pool and files.
	{"innodb_buffer_pool_bytes_data", "", "Bytes of the buffer pool that hold data."},
	{"innodb_buffer_pool_bytes_dirty", "", "Bytes of the buffer pool that hold changes not yet in a file."},
	{"innodb_buffer_pool_read_ahead", "", "Pages read ahead into the buffer pool."},
	{"innodb_buffer_pool_read_ahead_evicted", "", "Pages read ahead and evicted without having been read."},
	{"innodb_buffer_pool_read_ahead_rnd", "", "Random read-aheads begun."},
	{"innodb_buffer_pool_read_requests", "", "Logical reads."},
	{"innodb_buffer_pool_reads", "", "Logical reads that the buffer pool could not serve."},
	{"innodb_buffer_pool_wait_free", "", "Waits for a page of the buffer pool to be cleaned."},
	{"innodb_buffer_pool_write_requests", "", "Writes to the buffer pool."},
	{"innodb_data_fsyncs", "", "fsync calls."},
	{"innodb_data_pending_fsyncs", "", "fsync calls under way."},
	{"innodb_data_pending_reads", "", "Reads of files under way."},
	{"innodb_data_pending_writes", "", "Writes of files under way."},
	{"innodb_data_read", "", "Bytes read from files."},
	{"innodb_data_reads", "", "Reads of files."},
	{"innodb_data_writes", "", "Writes of files."},
	{"innodb_data_written", "", "Bytes written to files."},
	{"innodb_dblwr_pages_written", "", "Pages written to the doublewrite buffer."},
	{"innodb_dblwr_writes", "", "Writes of the doublewrite buffer."},
	{"innodb_num_open_files", "", "Files that InnoDB has open."},
	{"innodb_page_size", "", "Size of a page in bytes."},
	{"innodb_pages_created", "", "Pages created."},
	{"innodb_pages_read", "", "Pages read from files."},
	{"innodb_pages_written", "", "Pages written to files."},
	{"innodb_mem_adaptive_hash", onMariaDB, "Bytes of memory of the adaptive hash index."},
	{"innodb_mem_dictionary", onMariaDB, "Bytes of memory of the data dictionary."},

	// InnoDB's log, locks and undo.
	{"innodb_log_waits", "", "Waits for the log buffer to be flushed: innodb_log_buffer_size may be too small."},
	{"innodb_log_write_requests", "", "Write requests to the redo log."},
	{"innodb_log_writes", "", "Writes of the redo log."},
	{"innodb_os_log_fsyncs", "MySQL, MariaDB before 10.8", "fsync calls of the redo log."},
	{"innodb_os_log_pending_fsyncs", "MySQL, MariaDB before 10.8", "fsync calls of the redo log under way."},
	{"innodb_os_log_pending_writes", "MySQL, MariaDB before 10.8", "Writes of the redo log under way."},
	{"innodb_os_log_written", "", "Bytes written to the redo log."},
	{"innodb_checkpoint_age", onMariaDB, "Bytes of the redo log that are not covered by a checkpoint."},
	{"innodb_checkpoint_max_age", onMariaDB, "Bytes of the redo log without a checkpoint at which writers must wait."},
	{"innodb_lsn_current", onMariaDB, "Log sequence number of the last change."},
	{"innodb_lsn_flushed", onMariaDB, "Log sequence number up to which the redo log is on disk."},
	{"innodb_lsn_last_checkpoint", onMariaDB, "Log sequence number of the last checkpoint."},
	{"innodb_redo_log_checkpoint_lsn", onMySQL8, "Log sequence number of the last checkpoint."},
	{"innodb_redo_log_current_lsn", onMySQL8, "Log sequence number of the last change."},
	{"innodb_redo_log_flushed_to_disk_lsn", onMySQL8, "Log sequence number up to which the redo log is on disk."},
	{"innodb_redo_log_logical_size", onMySQL8, "Bytes of the redo log in use."},
	{"innodb_redo_log_physical_size", onMySQL8, "Bytes of the files of the redo log."},
	{"innodb_redo_log_capacity_resized", onMySQL8, "Capacity of the redo log in bytes, after the last change of it."},
	{"innodb_redo_log_enabled", onMySQL8, "Whether there is a redo log; without it a crash loses the server's data."},
	{"innodb_row_lock_current_waits", "", "Row locks that are waited for now."},
	{"innodb_row_lock_time", "", "Milliseconds spent waiting for row locks."},
	{"innodb_row_lock_time_avg", "", "Mean wait for a row lock in milliseconds, since the start."},
	{"innodb_row_lock_time_max", "", "Longest wait for a row lock in milliseconds, since the start."},
	{"innodb_row_lock_waits", "", "Waits for row locks."},
	{"innodb_deadlocks", onMariaDB, "Deadlocks. dbsync_mysql_deadlocks_total has it for every server."},
	{"innodb_history_list_length", onMariaDB, "Changes not yet purged. dbsync_mysql_history_list_length has it for every server."},
	{"innodb_max_trx_id", onMariaDB, "Next number of a transaction."},
	{"innodb_undo_tablespaces_active", onMySQL8, "Undo tablespaces in use."},
	{"innodb_undo_tablespaces_total", onMySQL8, "Undo tablespaces."},
	{"innodb_available_undo_logs", "MariaDB, MySQL 5.7", "Undo logs that can be used."},
	{"innodb_onlineddl_pct_progress", onMariaDB, "Progress of the ALTER TABLE under way, in hundredths of a percent."},
	{"innodb_onlineddl_rowlog_pct_used", onMariaDB, "Use of the log of changes during an ALTER TABLE, in hundredths of a percent: full, it fails."},
	{"innodb_onlineddl_rowlog_rows", onMariaDB, "Rows in the log of changes during an ALTER TABLE."},
	{"innodb_system_rows_deleted", onMySQL8, "Rows deleted from tables of system schemas."},
	{"innodb_system_rows_inserted", onMySQL8, "Rows inserted into tables of system schemas."},
	{"innodb_system_rows_read", onMySQL8, "Rows read from tables of system schemas."},
	{"innodb_system_rows_updated", onMySQL8, "Rows updated in tables of system schemas."},
}

const onQueryCache = "MariaDB, MySQL 5.7"

// galeraVariables are given where a cluster's library is loaded: elsewhere the
// server says "not ready" of a cluster that nobody has.
//
//nolint:gochecknoglobals // a table
var galeraVariables = []variable{
	{"wsrep_apply_oooe", onGalera, "Share of write sets applied out of order."},
	{"wsrep_cert_deps_distance", onGalera, "Mean distance of write sets that can be applied in parallel."},
	{"wsrep_cert_index_size", onGalera, "Entries of the certification index."},
	{"wsrep_cluster_conf_id", onGalera, "Number of the cluster's membership: it must be the same on all members."},
	{"wsrep_cluster_size", onGalera, "Members of the cluster."},
	{"wsrep_cluster_status", onGalera, "1 when the member is in the primary component, 0 when it is not or not connected."},
	{"wsrep_connected", onGalera, "Whether the member is connected to the cluster."},
	{"wsrep_desync_count", onGalera, "Operations that need the member to be out of sync."},
	{"wsrep_flow_control_paused", onGalera, "Share of the time since FLUSH STATUS that replication stood still for flow control."},
	{"wsrep_flow_control_paused_ns", onGalera, "Nanoseconds that replication stood still for flow control."},
	{"wsrep_flow_control_recv", onGalera, "Flow control messages received."},
	{"wsrep_flow_control_sent", onGalera, "Flow control messages sent: this member was too slow."},
	{"wsrep_last_committed", onGalera, "Number of the last transaction committed."},
	{"wsrep_local_bf_aborts", onGalera, "Local transactions ended by replicated ones."},
	{"wsrep_local_cert_failures", onGalera, "Local transactions that failed certification."},
	{"wsrep_local_commits", onGalera, "Local transactions committed."},
	{"wsrep_local_recv_queue", onGalera, "Write sets that wait to be applied."},
	{"wsrep_local_recv_queue_avg", onGalera, "Mean number of write sets that wait to be applied, since FLUSH STATUS."},
	{"wsrep_local_recv_queue_max", onGalera, "Most write sets that waited to be applied, since FLUSH STATUS."},
	{"wsrep_local_send_queue", onGalera, "Write sets that wait to be sent."},
	{"wsrep_local_send_queue_avg", onGalera, "Mean number of write sets that wait to be sent, since FLUSH STATUS."},
	{"wsrep_local_state", onGalera, "State of the member: 1 joining, 2 donor, 3 joined, 4 synced."},
	{"wsrep_ready", onGalera, "Whether the member accepts statements."},
	{"wsrep_received", onGalera, "Write sets received."},
	{"wsrep_received_bytes", onGalera, "Bytes of write sets received."},
	{"wsrep_replicated", onGalera, "Write sets sent."},
	{"wsrep_replicated_bytes", onGalera, "Bytes of write sets sent."},
	{"wsrep_thread_count", onGalera, "Threads that apply or roll back."},
}
