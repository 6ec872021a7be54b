// SPDX-License-Identifier: Apache-2.0

// Package binlog reads as much of binary logs as it takes to say which time they
// cover and whether they follow on each other: the headers of their events. It
// touches no event's content and knows no file system.
//
// [Scan] reads a file at its two ends, [ScanStream] a stream from its beginning to
// its end. A [Chain] is what is known of the files of one server's log, in their
// order, and tells where it is broken and how far it reaches from a place on.
//
// The format is described in the MySQL source documentation ("Binlog Event", "Binlog
// File") and the MariaDB documentation ("2-Binlog Event Header"): a magic number of 4
// bytes, then events, of which each begins with 19 bytes, little endian: timestamp
// (4), type (1), server id (4), length with the header (4), place of the next event
// in the file (4, modulo 2^32), flags (2). The first event describes the format.
package binlog
