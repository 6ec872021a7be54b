// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// recoveryFacts are what decides whether a server could be brought back: are its
// backups whole, were they tried, are the binary logs between them there.
func recoveryFacts(random *rand.Rand, from time.Time) []fact {
	full := []string{"backup", "nightly", "method", "mysqldump", "kind", "full"}
	written := random.IntN(2) == 0 // else it is an archive in which nobody writes
	var inserts counter
	return []fact{
		{
			Fault: Fault{RuleID: "backup_verification_failed", Lasting: time.Minute, Within: 2 * time.Minute},
			sample: func(now, since time.Time, set setter) {
				set("dbsync_backup_last_verify_success", 1-yes(since), full...)
				set("dbsync_backup_last_success_timestamp_seconds", unix(from.Add(-3*time.Hour)), full...)
				set("dbsync_backup_expected_interval_seconds", 86400, full...)
				set("dbsync_backup_max_duration_seconds", 3600, full...)
			},
		},
		{
			Fault: Fault{RuleID: "restore_test_failed", Lasting: time.Minute, Within: 2 * time.Minute},
			sample: func(_, since time.Time, set setter) {
				set("dbsync_backup_last_restore_test_success", 1-yes(since), full...)
			},
		},
		{ // for a moment while a chain is moved or deleted, and that is ordinary
			Fault:   Fault{RuleID: "backup_chain_broken", Lasting: 6 * time.Minute, Within: 7*time.Minute + 30*time.Second},
			excused: 4 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				set("dbsync_backup_chain_broken", yes(since), "backup", "hourly", "method", "mariadb-backup", "kind", "incremental")
			},
		},
		{ // a dump that is the same as those before, although the server is written to
			Fault: Fault{RuleID: "backup_identical", Lasting: 15 * time.Minute, Within: 19 * time.Minute},
			sample: func(now, since time.Time, set setter) {
				same, rate := 0., 2.
				switch {
				case !since.IsZero():
					same = 3
				case !written:
					same, rate = 30, 0
				case random.IntN(2) == 0: // a quiet weekend
					same = 2
				}
				set("dbsync_backup_identical_before", same, full...)
				set("mysql_global_status_commands_total", inserts.at(now, rate), "command", "insert")
			},
		},
		{ // an archiver copies a binary log every few minutes
			Fault:   Fault{RuleID: "recoverable_point_too_old", Lasting: 2*time.Minute + 45*time.Second, Within: 4 * time.Minute},
			excused: time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("dbsync_backup_recoverable_until_timestamp_seconds", ago(now, since, 15*time.Minute, now.Sub(from)%(10*time.Minute)),
					"backup", "nightly", "method", "mysqldump", "source", "archive")
				set("dbsync_backup_expected_recovery_point_seconds", 900, "backup", "nightly", "method", "mysqldump")
			},
		},
		{ // files may arrive in another order
			Fault:   Fault{RuleID: "binlog_archive_gap", Lasting: 5*time.Minute + 45*time.Second, Within: 7 * time.Minute},
			excused: 4 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				set("dbsync_binlog_archive_files", 40, "archive", "offsite")
				if !since.IsZero() {
					set("dbsync_backup_binlog_archive_gap", 2, "archive", "offsite", "first_file", "mysql-bin.000104", "last_file", "mysql-bin.000105")
				}
			},
		},
		{
			Fault:   Fault{RuleID: "binlog_expiry_too_short", Lasting: 11 * time.Minute, Within: 12 * time.Minute},
			excused: 8 * time.Minute, // somebody needs space, and puts it back
			sample: func(_, since time.Time, set setter) {
				set("dbsync_mysql_binlog_expire_seconds", 30*86400-yes(since)*(30*86400-12*3600))
			},
		},
	}
}
