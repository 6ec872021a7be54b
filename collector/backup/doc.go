// SPDX-License-Identifier: Apache-2.0

// Package backup shows whether the backups that were promised are made, whole
// and recent.
//
// A [Run] is one backup: an attempt to make it, and what came of it. Runs are
// read from where a tool leaves its traces: files, history tables, reported job
// runs. What differs from tool to tool is a method, one small file each, listed
// in method.go; [Methods] names them. Everything else is common: what a list of
// runs says (summary.go) and which series show it (families.go, emit.go).
//
// [Definition] declares the collector. It is a [collector.Runner]: each backup is
// watched beside the scrapes, in a loop of its own, so that a folder that hangs
// keeps neither a scrape nor another backup waiting. A scrape shows the state in
// memory.
//
//	store := job.New(job.Options{Dir: stateDir})
//	definition := backup.Definition(backup.Options{
//		Backups: []backup.Backup{{
//			Name: "nightly", Method: "mysqldump", Path: "/backup/nightly/*.sql.gz", Trailer: true,
//			ExpectedInterval: 24 * time.Hour, MaxDuration: 10 * time.Minute,
//		}},
//		Runs: store,
//	})
//
// The options hold the backups of one target, with which they are served.
// Without any the collector is skipped as unconfigured.
//
// What is not known is absent: a folder of dumps tells no exit code, a history
// table no failure. A run whose files have not been read far enough to judge it
// has no status yet, and counts neither as a success nor as a failure.
package backup
