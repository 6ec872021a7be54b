// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// promiseFacts are about what is to happen within hours or days.
func promiseFacts(_ *rand.Rand, from time.Time) []fact {
	const hour = time.Hour
	full := []string{"backup", "nightly", "method", "mysqldump", "kind", "full"}
	var statements counter
	return []fact{
		{ // the reader is slow, or the backup came late
			Fault:   Fault{RuleID: "backup_verification_overdue", Lasting: hour + 5*time.Minute, Within: hour + 5*time.Minute},
			excused: 50 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("dbsync_backup_expected_verify_interval_seconds", (12 * hour).Seconds(), full...)
				set("dbsync_backup_last_verify_timestamp_seconds", ago(now, since, 15*hour, now.Sub(from.Add(-hour))%(12*hour)), full...)
				set("dbsync_backup_last_verify_success", 1, full...)
			},
		},
		{
			Fault:   Fault{RuleID: "restore_test_overdue", Lasting: 15 * time.Minute, Within: 15 * time.Minute},
			excused: 8 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("dbsync_backup_expected_restore_test_interval_seconds", (24 * hour).Seconds(), full...)
				set("dbsync_backup_last_restore_test_timestamp_seconds", ago(now, since, 24*hour*11/10, 20*hour), full...)
			},
		},
		{ // merged in the morning, applied in the evening
			Fault:   Fault{RuleID: "migration_pending", Lasting: 24*hour + 5*time.Minute, Within: 24*hour + 5*time.Minute},
			excused: 10 * hour,
			sample: func(_, since time.Time, set setter) {
				set("dbsync_migration_revisions", 2*yes(since), "schema", "erp", "tool", "flyway", "history", "flyway_schema_history", "state", "pending")
			},
		},
		{ // sessions wait for a lock while migrations are pending
			Fault:   Fault{RuleID: "migration_not_ready", Lasting: 33 * time.Minute, Within: 35 * time.Minute},
			excused: 25 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				set("dbsync_migration_revisions", yes(since), "schema", "crm", "tool", "flyway", "history", "flyway_schema_history", "state", "pending")
				set("dbsync_mysql_metadata_lock_waiters", 2*yes(since))
			},
		},
		{ // performance_schema was left out of a new configuration
			Fault:   Fault{RuleID: "rule_disarmed", Lasting: 27 * time.Minute, Within: 29 * time.Minute},
			excused: 20 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("mysql_up", 1)
				if since.IsZero() {
					set("dbsync_mysql_statements_total", statements.at(now, 50), "schema", "erp")
				}
				set("mysql_global_status_threads_connected", 20)
				set("dbsync_replication_configured", 0, "channel", "")
			},
		},
		{ // service discovery loses it, and finds it again
			Fault:   Fault{RuleID: "target_vanished", Lasting: 16 * time.Minute, Within: 18 * time.Minute},
			excused: 11 * time.Minute, away: true,
			sample: func(time.Time, time.Time, setter) {},
		},
	}
}
