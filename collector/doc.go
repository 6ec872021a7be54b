// SPDX-License-Identifier: Apache-2.0

// Package collector is the collecting core: what a collector declares, how it
// is run against a target, and what a scrape makes of it.
//
// A [Definition] says once what a collector is called, needs, costs and gives.
// Flags, the documented GRANT statements, docs/metrics.md and the landing page
// are all generated from it. Its New function builds a [Collector] for one
// [Target], which writes into a [Sink]. A [Scraper] runs the collectors of one
// target and turns their output into metric families:
//
//   - a scrape ends at its context's deadline: what is ready is served, what is
//     late is reported as failed;
//   - overlapping scrapes of a target share one run of each collector;
//   - a collector that is slow by nature runs in the background, and a scrape
//     serves its newest snapshot;
//   - every collector, and every source inside it, ends in one of three
//     outcomes: ok, failed, or not applicable;
//   - a panic, a duplicate series or too many series fails or trims one
//     collector, never the scrape.
//
// The package has no flags, no globals and no registration at import: a program
// lists the definitions it wants.
package collector
