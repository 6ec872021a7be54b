// SPDX-License-Identifier: Apache-2.0

// Package migration shows the state of schema migrations from the tables in
// which migration tools keep their history.
//
// A [tool] is what differs from tool to tool: the table's columns, two
// statements, the lock, the naming of files. Everything else is common: a
// history is found by the columns of its table or named by the user; each
// scrape asks all histories at once for three numbers and for the holder of the
// tool's lock, and only when a number changed are rows read, the new ones where
// possible; the folder of migration files is read in the background.
//
// What a tool's table cannot show is absent, never 0: golang-migrate remembers
// one version and no times; Flyway keeps a row per run. A row that is unfinished
// while nobody holds the tool's lock has failed; with the lock held it is
// running. Where the lock cannot be known (the user says that the tool takes
// none, or the server is read-only, so that migrations run elsewhere) such a row
// is dirty.
package migration
