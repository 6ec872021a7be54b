// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"database/sql"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// lockWatch remembers since when a lock is held.
type lockWatch struct {
	holder sql.NullInt64
	since  time.Time
}

// see takes note of the lock's holder. A new holder has had the lock since now
// at the latest, and since it began what it is doing: a connection that waits for
// the lock does not do anything else meanwhile.
func (w *lockWatch) see(ctx context.Context, server collector.Server, flavour collector.Flavour, holder sql.NullInt64, now time.Time) {
	if holder == w.holder {
		return
	}
	w.holder, w.since = holder, now
	if busy, ok := busyFor(ctx, server, flavour, holder); ok {
		w.since = now.Add(-busy)
	}
}

// busyFor returns how long the connection has been doing what it does, or been
// idle; false when the account may not know.
func busyFor(ctx context.Context, server collector.Server, flavour collector.Flavour, holder sql.NullInt64) (time.Duration, bool) {
	statement := "SELECT PROCESSLIST_TIME FROM performance_schema.threads WHERE PROCESSLIST_ID = ?"
	if flavour == collector.MariaDB { // performance_schema is off by default
		statement = "SELECT TIME FROM information_schema.PROCESSLIST WHERE ID = ?"
	}
	var seconds sql.NullInt64
	if !holder.Valid {
		return 0, false
	}
	scan := func(row collector.Row) error { return row.Scan(&seconds) }
	if err := server.Query(ctx, scan, statement, holder.Int64); err != nil || !seconds.Valid || seconds.Int64 < 0 {
		return 0, false
	}
	return time.Duration(seconds.Int64) * time.Second, true
}
