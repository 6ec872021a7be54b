// SPDX-License-Identifier: Apache-2.0

// Package exporter is the daemon dbsync_exporter as a library: it builds the
// targets that a configuration names, serves their metrics over HTTP, and swaps
// everything at once when the configuration is loaded again. It has no flags;
// package main turns those into [Options].
//
// What was built from one configuration is a generation, and never changes. A
// request works with the generation that it found, so that a reload meanwhile
// does not disturb it; what the next generation does not take over is closed when
// its last scrape has ended.
package exporter
