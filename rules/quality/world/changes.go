// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// changeFacts are about data and schemas on the move.
func changeFacts(random *rand.Rand, from time.Time) []fact {
	history := []string{"schema", "erp", "tool", "flyway", "history", "flyway_schema_history"}
	done, pace := .1, 1/(4+68*random.Float64()) // part per hour: a change takes hours to days
	var last time.Time
	migrating := random.IntN(3) == 0 // a long one, with a good backup
	return []fact{
		{ // paused for a while to spare a replica, which is ordinary
			Fault:   Fault{RuleID: "schema_change_stalled", Lasting: 20 * time.Minute, Within: 22*time.Minute + 30*time.Second},
			excused: 10 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				if since.IsZero() && !last.IsZero() {
					done += pace * now.Sub(last).Hours()
				}
				last = now
				table := []string{"schema", "erp", "table", "orders", "method", "gh-ost"}
				set("dbsync_schema_change_progress_ratio", min(done, .99), table...)
				set("dbsync_schema_change_running", 1, table...)
				set("dbsync_schema_change_start_timestamp_seconds", unix(from.Add(-time.Hour)), table...)
			},
		},
		{
			Fault:   Fault{RuleID: "schema_change_stopped", Lasting: 2*time.Minute + 45*time.Second, Within: 4 * time.Minute},
			excused: time.Minute,
			sample: func(now, since time.Time, set setter) {
				quiet := time.Duration(random.Int64N(int64(13 * time.Minute)))
				set("dbsync_schema_change_last_activity_timestamp_seconds", ago(now, since, 15*time.Minute, quiet), "schema", "erp", "table", "items", "method", "pt-osc")
			},
		},
		{ // a DDL behind a backup's lock; not for long, that is ordinary
			Fault: Fault{RuleID: "schema_change_meets_backup", Lasting: 75 * time.Second, Within: 2*time.Minute + 30*time.Second},
			sample: func(now, since time.Time, set setter) {
				wait := 120.
				if since.IsZero() {
					wait = 90
				} else {
					wait += 1 + now.Sub(since).Seconds()
				}
				waits := !since.IsZero() || now.Sub(from)%(30*time.Minute) < 90*time.Second
				set("dbsync_mysql_metadata_lock_waiters", 2*flag(waits))
				if waits {
					set("dbsync_mysql_metadata_lock_oldest_wait_seconds", wait)
					set("dbsync_mysql_metadata_lock_waiting_statements", 2, "lock", "backup", "statement", "ddl")
				}
			},
		},
		{ // while a tool ends, its triggers outlive its table
			Fault:   Fault{RuleID: "schema_change_leftovers", Lasting: 11*time.Minute + 30*time.Second, Within: 13 * time.Minute},
			excused: 8 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				set("dbsync_schema_change_leftovers", 3*yes(since), "schema", "erp", "method", "pt-osc", "kind", "trigger")
			},
		},
		{ // a row that was on its way when its chunk was read
			Fault:   Fault{RuleID: "replica_differs", Lasting: 6*time.Minute + 30*time.Second, Within: 8 * time.Minute},
			excused: 4 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				set("dbsync_consistency_different_chunks", yes(since), "schema", "erp", "table", "orders")
			},
		},
		{ // a restore into the schema, or a rename
			Fault:   Fault{RuleID: "migration_history_missing", Lasting: 6*time.Minute + 30*time.Second, Within: 8 * time.Minute},
			excused: 4 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				set("mysql_up", 1)
				set("dbsync_migration_history_visible", 1-yes(since), history...)
			},
		},
		{
			Fault: Fault{RuleID: "migration_without_backup", Lasting: 75 * time.Second, Within: 2*time.Minute + 30*time.Second},
			sample: func(now, since time.Time, set setter) {
				age := 20 * time.Hour
				if !since.IsZero() {
					age = 28 * time.Hour
				}
				backup := []string{"backup", "nightly", "method", "mysqldump", "kind", "full"}
				set("dbsync_backup_expected_verify_interval_seconds", 86400, backup...)
				set("dbsync_backup_last_verify_timestamp_seconds", unix(now.Add(-age)), backup...)
				set("dbsync_backup_last_verify_success", 1, backup...)
				set("dbsync_migration_lock_held", flag(migrating || !since.IsZero()), history...)
			},
		},
		syncFact(random, from),
	}
}

// syncFact is a task that copies data and does not do so, in one of several ways.
func syncFact(random *rand.Rand, from time.Time) fact {
	way := random.IntN(5)
	f := fact{
		Fault:   Fault{RuleID: "sync_task_failing", Lasting: 6*time.Minute + 30*time.Second, Within: 8 * time.Minute},
		excused: 4 * time.Minute,
	}
	f.sample = func(now, since time.Time, set setter) {
		dms := []string{"schema", "cdc", "tool", "aws-dms", "task", "erp"}
		maxwell := []string{"schema", "cdc", "tool", "maxwell", "task", "maxwell"}
		bad := func(n int) float64 { return flag(way == n) * yes(since) }
		set("dbsync_sync_failed", bad(0), dms...)
		set("dbsync_sync_tables_suspended", 2*bad(1), dms...)
		set("dbsync_sync_differences", 12*bad(2), dms...)
		active := unix(now.Add(-time.Duration(random.Int64N(int64(2 * time.Minute)))))
		if bad(3) == 1 {
			active = unix(since.Add(-5 * time.Minute))
		}
		set("dbsync_sync_last_activity_timestamp_seconds", active, maxwell...)
		set("dbsync_sync_applied_timestamp_seconds", active-100-700*bad(4), maxwell...)
		set("dbsync_sync_last_error_timestamp_seconds", unix(from.Add(-2*time.Hour)), dms...)
	}
	return f
}
