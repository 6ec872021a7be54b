// SPDX-License-Identifier: Apache-2.0

// Package job keeps and shows the runs that jobs report: backups, migrations,
// syncs, restore tests, anything that begins, ends and may fail.
//
// A [Run] is one execution of a task. The [Store] keeps, in a folder, one file
// per task: its newest runs, its counters, and what is going on. The exporter's
// HTTP API and `dbsyncctl run` report to a store, each in its own process; the
// files are locked, written whole and never in place, so that a crash of either
// loses nothing that was reported. A program that has neither leaves one file per
// report in the folder incoming below, from where the exporter takes it.
// [Definition] is the collector that shows the runs.
//
// docs/runs.md describes the JSON of a run.
package job
