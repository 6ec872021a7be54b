// SPDX-License-Identifier: Apache-2.0

package board

// The levels at which the shipped rules alert, drawn as lines and colours. The
// tests hold them against the rules.
const (
	connectionsWarning    = 0.80  // database_connections_high
	connectionsCritical   = 0.95  // the seed's second line; MySQLTooManyConnections follows at the limit
	diskCritical          = 0.85  // disk_space_low
	queryTimeWarning      = 2.0   // query_performance_degraded, seconds
	replicationLagWarning = 300   // mysql_replication_lag, seconds
	metadataWaiters       = 5     // mysql_metadata_lock_pile_up, sessions
	metadataWait          = 30    // mysql_metadata_lock_pile_up, seconds
	transactionAge        = 3600  // mysql_long_transaction, seconds
	backupOverdue         = 1.0   // backup_failure, as a share of the promised age
	backupSuccessLow      = 0.99  // backup_failure, of a day's runs
	migrationSuccessLow   = 0.95  // migration_failure, of a day's runs
	promiseBroken         = 1.0   // whatever is drawn as a share of its promise or limit
	filesystemFull        = 0.95  // host_filesystem_full
	inodesFull            = 0.95  // host_inodes_low, as a share in use
	memoryFull            = 0.95  // host_memory_low, as a share in use
	descriptorsHigh       = 0.85  // process_file_descriptors_high
	fastBurn              = 14.4  // api_error_budget_burn, of the hour
	slowBurn              = 6.0   // api_error_budget_burn, of six hours
	slowRequests          = 0.05  // api_latency_high
	certificateCritical   = 3     // api_certificate_expiring, days
	certificateWarning    = 14    // api_certificate_expiring, days
	logErrors             = 10    // log_error_burst, lines in ten minutes
	unparsedLines         = 0.1   // api_log_unparsed
	notificationsFailing  = 0.01  // alertmanager_notifications_failing
	snapshotsLate         = 3.0   // snapshot_stale, in intervals
	repositoryFull        = 7     // backup_repository_filling, days
	verifiedBackupOld     = 26    // migration_without_backup, hours
	availabilityGood      = 0.999 // the acceptance figure; nothing alerts on it
)
