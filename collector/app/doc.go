// SPDX-License-Identifier: Apache-2.0

// Package app reads the layer above the database: an API gateway's access log
// and what a probe of it says, and the logs of the database and its tools.
//
// A log is followed through rotation ([follow]); its counts are kept in the state
// folder together with the position that they belong to, and nothing is shown
// before it is kept. So a restart, a kill included, neither loses nor repeats a
// line.
package app
