// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// lock is how a tool makes sure that it is alone: by a user-level lock, or by a
// table. The zero value: it does not.
type lock struct {
	// names returns the names that the user-level lock may have. shared: all
	// schemas have the same, as such a lock is the server's.
	names  func(schema, table string) []string
	shared bool
	// suffix makes the lock table's name of the history's; held is SQL that is not 0
	// while the lock is taken, since is SQL for when that was, where it is known.
	suffix      string
	held, since string
}

// maxLockName is the longest name of a user-level lock that MySQL accepts.
const maxLockName = 64

// lock returns what tells the holder of the place's lock: SQL for its connection
// (or a 1 where a table does not tell) and for the Unix time since when, and an
// argument. false: nothing does.
func (p place) lock() (holder, since string, args []any, ok bool) {
	l := p.tool.lock
	switch {
	case p.configured != nil && p.configured.NoLock:
	case l.names != nil:
		for _, name := range l.names(p.told()) {
			if len(name) <= maxLockName {
				args = append(args, name)
			}
		}
		if len(args) > 0 {
			return "COALESCE(" + strings.Repeat("IS_USED_LOCK(?), ", len(args)) + "NULL)", "NULL", args, true
		}
	case p.lockTable != "":
		from := " FROM " + quote(p.schema) + "." + quote(p.lockTable) + ")"
		holder, since = "(SELECT NULLIF(MAX("+l.held+"), 0)"+from, "NULL"
		if l.since != "" {
			since = "(SELECT MAX(" + l.since + ")" + from
		}
		return holder, since, nil, true
	}
	return "NULL", "NULL", nil, false
}

// told returns the names of schema and table as the tool is told them, from which
// it makes the lock's.
func (p place) told() (schema, table string) {
	if p.configured == nil {
		return p.schema, p.table
	}
	return p.configured.Schema, cmp.Or(p.configured.Table, p.tool.table)
}

// lockWatch remembers who has had a lock since when.
type lockWatch struct {
	holder sql.NullInt64
	since  time.Time
	free   time.Time // when it was last seen free; zero: never
	schema string    // what the holder is connected to; empty: not known
}

// see takes note of a lock's holder, now. A new one has had it since it was last
// seen free at the earliest and since now at the latest; in between, since its
// table says, or since when its connection has been doing what it does: that began
// with the lock in its hands.
func (w *lockWatch) see(ctx context.Context, s session, l lock, p probe, now time.Time) error {
	if !p.holder.Valid {
		*w = lockWatch{free: now}
		return nil
	}
	if p.holder == w.holder {
		return nil
	}
	claim, schema := now, ""
	if p.since.Valid {
		claim = time.UnixMilli(int64(p.since.Float64 * 1000))
	}
	if l.names != nil {
		c, ok, err := s.connection(ctx, p.holder.Int64)
		if err != nil {
			return err
		}
		if ok {
			claim, schema = now.Add(-c.busy), c.schema
		}
	}
	if claim.Before(w.free) {
		claim = w.free
	}
	if claim.After(now) { // clocks differ
		claim = now
	}
	*w = lockWatch{holder: p.holder, since: claim, free: w.free, schema: schema}
	return nil
}

// session is a server and what was found out about it.
type session struct {
	collector.Server
	facts collector.Facts
}

// connection is what a client does.
type connection struct {
	schema string
	busy   time.Duration // how long it has been doing that, or nothing
}

// connection looks a connection up; false when it is gone, or the account may not
// know.
func (s session) connection(ctx context.Context, id int64) (connection, bool, error) {
	statement := "SELECT DB, TIME FROM information_schema.PROCESSLIST WHERE ID = ?"
	if s.facts.Flavour != collector.MariaDB { // there it is deprecated, and slows the server down
		statement = "SELECT PROCESSLIST_DB, PROCESSLIST_TIME FROM performance_schema.threads WHERE PROCESSLIST_ID = ?"
		if !s.facts.PerformanceSchema || !s.facts.Grants.Has(threads) {
			return connection{}, false, nil
		}
	}
	var schema sql.NullString
	var seconds sql.NullInt64
	err := s.Query(ctx, func(row collector.Row) error { return row.Scan(&schema, &seconds) }, statement, id)
	if err != nil {
		return connection{}, false, fmt.Errorf("look at the holder of a migration's lock: %w", err)
	}
	return connection{schema.String, time.Duration(max(0, seconds.Int64)) * time.Second}, seconds.Valid, nil
}
