// SPDX-License-Identifier: Apache-2.0

package backup

import "github.com/easy-erp/dbsync/collector"

// maxSeries bounds the series of one family: a backup has a dozen recent_runs.
const maxSeries = 5000

var (
	lastStart = family("dbsync_backup_last_start_timestamp_seconds",
		"When the newest backup began, one in progress included, in Unix time.")
	lastEnd = family("dbsync_backup_last_end_timestamp_seconds",
		"When the newest backup that ended did so, in Unix time.")
	lastSuccess = family("dbsync_backup_last_success_timestamp_seconds",
		"When the newest successful backup ended, in Unix time.")
	lastFailure = family("dbsync_backup_last_failure_timestamp_seconds",
		"When the newest backup without success ended, in Unix time.")
	lastDuration = family("dbsync_backup_last_duration_seconds",
		"How long the backup that ended last took.")
	lastStatus = family("dbsync_backup_last_status",
		"1 for the status of the backup that ended last, 0 for the others that can be seen.", "status")
	lastSize = family("dbsync_backup_last_success_size_bytes",
		"Size of the newest successful backup's content, before any compression.")
	lastStored = family("dbsync_backup_last_success_stored_bytes",
		"What the newest successful backup takes where it is kept.")
	inProgress = family("dbsync_backup_in_progress",
		"Backups that are being made.")
	progress = family("dbsync_backup_progress_ratio",
		"How far the backup that began last is, estimated by the size of the newest successful one.")
	retained = family("dbsync_backup_retained",
		"Backups that are there and not known to be bad.")
	oldest = family("dbsync_backup_oldest_timestamp_seconds",
		"When the oldest backup that is there and not known to be bad ended, in Unix time.")
	recentRuns = family("dbsync_backup_recent_runs",
		"Backups that ended within the window before now, by status; running: that go on.", "status", "window")
	unjudged = family("dbsync_backup_unjudged",
		"Recent backups that are still to be read before their status is known.")

	usualSize = family("dbsync_backup_usual_size_bytes",
		"Median size of the successful backups before the newest one, at least 3 and at most 15: of their contents where all are known, else of what they take.")
	usualSpread = family("dbsync_backup_usual_size_spread_bytes",
		"Median distance of those sizes from their median.")
	sizeRatio = family("dbsync_backup_size_to_usual_ratio",
		"Size of the newest successful backup in relation to the usual one.")
	usualDuration = family("dbsync_backup_usual_duration_seconds",
		"Median time that the successful backups before the newest one took, at least 3 and at most 15.")
	usualDurationSpread = family("dbsync_backup_usual_duration_spread_seconds",
		"Median distance of those times from their median.")
	durationRatio = family("dbsync_backup_duration_to_usual_ratio",
		"Time that the newest successful backup took in relation to the usual one.")
	identical = family("dbsync_backup_identical_before",
		"How many backups right before the newest successful one have its size to the byte.")
	chainBroken = family("dbsync_backup_chain_broken",
		"1 when the newest successful incremental backup builds on one that is not there, so that it cannot be restored.")
	passed = family("dbsync_backup_last_success_level",
		"1 for each level of checking that the newest successful backup has passed.", "level")
	lastVerify = family("dbsync_backup_last_verify_timestamp_seconds",
		"When a backup was last read whole to verify it, in Unix time.")
	lastVerifySuccess = family("dbsync_backup_last_verify_success",
		"Whether the backup that was verified last was found whole.")
	reading = of("dbsync_backup_verify_progress_ratio",
		"How far the backup that is being read to verify it has been read.")
	repositorySize = of("dbsync_backup_repository_size_bytes",
		"What all backups take where they are kept, bad ones included.")
	repositoryAvail = of("dbsync_backup_repository_avail_bytes",
		"Space that is left where the backups are kept.")

	lastTest = family("dbsync_backup_last_restore_test_timestamp_seconds",
		"When the newest restore test ended, in Unix time.")
	lastTestSuccess = family("dbsync_backup_last_restore_test_success",
		"Whether the newest restore test succeeded.")
	lastTestDuration = family("dbsync_backup_last_restore_test_duration_seconds",
		"How long the newest restore test took.")

	expectedInterval = promise("dbsync_backup_expected_interval_seconds",
		"How often a backup is due, as configured.")
	maxDuration = promise("dbsync_backup_max_duration_seconds",
		"How long a backup may take, as configured.")
	minSize = promise("dbsync_backup_min_size_bytes",
		"The least size of a good backup, as configured.")
	expectedVerify = promise("dbsync_backup_expected_verify_interval_seconds",
		"How often a backup is to be verified, as configured.")
	expectedTest = promise("dbsync_backup_expected_restore_test_interval_seconds",
		"How often a restore test is due, as configured.")

	families = []*collector.Family{
		lastStart, lastEnd, lastSuccess, lastFailure, lastDuration, lastStatus, lastSize, lastStored,
		inProgress, progress, retained, oldest, recentRuns, unjudged,
		usualSize, usualSpread, sizeRatio, usualDuration, usualDurationSpread, durationRatio, identical, chainBroken,
		passed, lastVerify, lastVerifySuccess, lastTest, lastTestSuccess, lastTestDuration, reading, repositorySize, repositoryAvail,
		expectedInterval, maxDuration, minSize, expectedVerify, expectedTest,
	}
)

// family is of the backups of one kind.
func family(name, help string, labels ...string) *collector.Family {
	return of(name, help, append([]string{"kind"}, labels...)...)
}

// of is a family of all kinds together.
func of(name, help string, labels ...string) *collector.Family {
	return &collector.Family{
		Name: name, Help: help, Type: collector.Gauge, Labels: append([]string{"backup", "method"}, labels...),
		Source: "the backup's files, history or runs", MaxSeries: maxSeries,
	}
}

func promise(name, help string) *collector.Family {
	f := family(name, help)
	f.Source = "the configuration (backups)"
	return f
}
