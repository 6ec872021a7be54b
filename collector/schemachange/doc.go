// SPDX-License-Identifier: Apache-2.0

// Package schemachange shows what changes a schema right now, and what such
// changes left behind.
//
// A change is seen where it happens: an ALTER TABLE of the server's own in its
// list of threads, with the progress that InnoDB's stages or MariaDB tell;
// gh-ost by the heartbeat in its changelog table; pt-online-schema-change by its
// copying statements, which carry its name in a comment, and by its history where
// it is told to write one; Spirit by its lock and its checkpoint. The tables of
// the tools, which are looked for in the background, give the rows.
//
// What is unknown is absent: MariaDB tells no progress of an ALTER that works in
// place. Rows are InnoDB's estimates, to about a tenth.
//
// Tables and triggers of a tool of which there was no sign of life are leftovers.
// The triggers of pt-online-schema-change do harm: they write every change of the
// table a second time, for as long as they are there.
package schemachange
