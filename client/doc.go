// SPDX-License-Identifier: Apache-2.0

// Package client reports what a program does, such as a backup, a migration or a
// sync, to dbsync_exporter, which shows it to Prometheus: when it began and ended,
// how it ended, what it made, and when it was due.
//
//	runs, err := client.New(client.Options{StateDir: "/var/lib/dbsync"})
//	...
//	run, err := runs.Start(ctx, client.Task{RunType: "backup", Name: "nightly", ExpectedInterval: 24 * time.Hour})
//	if err != nil {
//		log.Print(err) // the work goes on: a monitor that is away stops no backup
//	}
//	size, err := backup(ctx)
//	run.Size(size)
//	run.Value("tables", 42)
//	if err := run.Finish(ctx, client.Outcome(err)); err != nil {
//		log.Print(err)
//	}
//
// Reports travel as files in the exporter's state folder, which needs no network
// and waits for an exporter that is away, or over HTTP to its run API. Either way
// a report that is repeated counts once. The package uses the standard library
// only.
package client
