// SPDX-License-Identifier: Apache-2.0

package migration

import "github.com/easy-erp/dbsync/collector"

var (
	historyVisible = family("dbsync_migration_history_visible",
		"Whether the account can read the history. 0 says that it is configured and cannot be seen, not that there are no migrations.")
	info = family("dbsync_migration_info", "1 for the version that the schema is at. Absent when nothing was applied.",
		"version", "description")
	revisions = family("dbsync_migration_revisions",
		"Migrations by state; only the states that the tool's table, its lock or the configured directory can show are there.",
		"state")
	lastApplied = family("dbsync_migration_last_applied_timestamp_seconds",
		"When the newest migration that succeeded ended, in Unix time. Absent where the tool records no times.")
	lastDuration = family("dbsync_migration_last_duration_seconds",
		"How long the newest migration that succeeded took. Absent where the tool records no durations.")
	lockHeld = family("dbsync_migration_lock_held",
		"Whether somebody holds the tool's lock, which means that it is at work. Absent where the lock cannot be known.")
	lockAcquired = family("dbsync_migration_lock_acquired_timestamp_seconds",
		"Since when at the latest the lock has been held without a break that a scrape saw, in Unix time: when the exporter first "+
			"saw its holder, or when the holder began what it was doing then, whichever is earlier. Absent while it is free.")
	recentRuns = family("dbsync_migration_recent_runs",
		"Runs of migrations that ended within the window, counted from the history. Absent where the tool records no runs.",
		"status", "window")
	oldestPending = family("dbsync_migration_oldest_pending_timestamp_seconds",
		"When the oldest pending migration was written, by the time in its file's name or else the file's, in Unix time.")
	latePending = family("dbsync_migration_pending_out_of_order",
		"Pending migrations that come before one that was applied: the tool refuses them, skips them or runs them out of order.")
	maxDuration = family("dbsync_migration_max_duration_seconds", "How long a migration may run, as configured.")

	historyFamilies = []*collector.Family{
		historyVisible, info, revisions, lastApplied, lastDuration, lockHeld, lockAcquired, recentRuns, oldestPending,
		latePending, maxDuration,
	}
)

// maxHistories bounds the histories of a target; each has about ten series.
const maxHistories = 1000

func family(name, help string, labels ...string) *collector.Family {
	f := &collector.Family{
		Name: name, Help: help, Labels: append([]string{"schema", "tool", "history"}, labels...),
		Source: "the history table", MaxSeries: maxHistories,
	}
	switch name {
	case "dbsync_migration_revisions":
		f.Source, f.MaxSeries = "the history table, IS_USED_LOCK() or the lock table, the configured directory", 8*maxHistories
	case "dbsync_migration_recent_runs":
		f.MaxSeries = 4 * maxHistories
	case "dbsync_migration_lock_held":
		f.Source = "IS_USED_LOCK() or the tool's lock table"
	case "dbsync_migration_lock_acquired_timestamp_seconds":
		f.Source = "the tool's lock table, performance_schema.threads or information_schema.PROCESSLIST"
	case "dbsync_migration_oldest_pending_timestamp_seconds", "dbsync_migration_pending_out_of_order":
		f.Source = "the configured directory"
	case "dbsync_migration_max_duration_seconds":
		f.Source = "the configuration"
	}
	return f
}

// threads is what tells on MySQL who holds a lock.
var threads = collector.Privilege{
	Name: "SELECT", On: "performance_schema.threads", Why: "since when a migration's lock is held, and for which schema",
	Optional: true,
}

// historyPrivileges are all optional: a history that may not be read is not
// seen, or shows as not visible where it is configured.
func historyPrivileges() map[collector.Flavour][]collector.Privilege {
	history := collector.Privilege{
		Name: "SELECT", On: "app.schema_migrations", Optional: true,
		Why: "the history itself; one grant for each history table, and for the lock table of Liquibase and Knex",
	}
	process := collector.Privilege{Name: "PROCESS", On: "*.*", Why: threads.Why, Optional: true}
	return map[collector.Flavour][]collector.Privilege{
		collector.MySQL: {history, threads}, collector.MariaDB: {history, process},
	}
}
