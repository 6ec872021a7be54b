// SPDX-License-Identifier: Apache-2.0

// Package mysql reads the state of a MySQL or MariaDB server: its status and
// variables, statements, locks, transactions and replication. Every collector
// has a file of its own.
//
// Names are mysqld_exporter's where it measures the same thing; what is new is
// dbsync_mysql_* and dbsync_replication_*.
package mysql

import (
	"slices"
	"sync"

	"github.com/easy-erp/dbsync/collector"
)

// Definitions declares the collectors of a server. They are made once, for all
// targets: what they declare never changes.
func Definitions() []collector.Definition { return slices.Clone(definitions()) }

var definitions = sync.OnceValue(func() []collector.Definition {
	return []collector.Definition{
		connection(),
		status(),
		statusAll(),
		variables(),
		replication(),
		gtidSets(),
		processlist(),
		schemaSizes(),
		autoIncrements(),
		statements(),
		statementHistogram(),
		locks(),
		errorLog(),
	}
})
