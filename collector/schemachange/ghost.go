// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
)

// gh-ost writes a heartbeat every 100 ms, unless it is told another interval.
const heartbeatStale = 30

// ghost reads the changelog of gh-ost. The fixed rows 1 to 3 are its heartbeat,
// its state and why it is throttled (github/gh-ost, go/logic/applier.go and
// throttler.go). A changelog that is no longer written is a leftover.
func (c *changes) ghost(ctx context.Context, out *collector.Sink, o object, now time.Time) error {
	var beat sql.NullFloat64
	var reason sql.NullString
	err := c.target.Server.Query(ctx, func(row collector.Row) error {
		return row.Scan(&beat, &reason)
	}, "SELECT MAX(CASE WHEN hint = 'heartbeat' THEN UNIX_TIMESTAMP() - UNIX_TIMESTAMP(last_update) END),"+
		" MAX(CASE WHEN hint = 'throttle' THEN value END) FROM "+quote(o.of.schema)+"."+quote(o.name)+" WHERE id <= 3")
	switch {
	case noSuchTable(err):
		return nil // gh-ost has just ended
	case err != nil:
		return err
	}
	if !beat.Valid {
		return nil
	}
	w := work{o.of, ghost}
	s := unknown(time.Unix(int64(o.created.Float64), 0))
	s.seen = now.Add(-time.Duration(beat.Float64 * float64(time.Second)))
	if beat.Float64 > heartbeatStale {
		seen(out, w, s)
		return nil
	}
	c.objects.alive(w, now)
	found, size := c.objects.known()
	s.copies(w, found, size)
	s.throttled = collector.Bool(reason.Valid && reason.String != "done throttling")
	emit(out, w, s, now)
	return nil
}

// noSuchTable tells whether a table has gone since it was found.
func noSuchTable(err error) bool {
	var refused *mysql.MySQLError
	return errors.As(err, &refused) && refused.Number == 1146
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
