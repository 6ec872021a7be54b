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
func (c *changes) ghost(ctx context.Context, changelog source, now time.Time) (s state, alive bool, err error) {
	var beat sql.NullFloat64
	var reason sql.NullString
	err = c.target.Server.Query(ctx, func(row collector.Row) error {
		return row.Scan(&beat, &reason)
	}, "SELECT MAX(CASE WHEN hint = 'heartbeat' THEN UNIX_TIMESTAMP() - UNIX_TIMESTAMP(last_update) END),"+
		" MAX(CASE WHEN hint = 'throttle' THEN value END) FROM "+quote(changelog.work.of.schema)+"."+quote(changelog.name)+" WHERE id <= 3")
	if err != nil || !beat.Valid {
		return s, false, err
	}
	s = unknown(time.Unix(int64(changelog.created.Float64), 0))
	s.seen = now.Add(-time.Duration(beat.Float64 * float64(time.Second)))
	s.throttled = collector.Bool(reason.Valid && reason.String != "done throttling")
	return s, beat.Float64 <= heartbeatStale, nil
}

// noSuchTable tells whether a table has gone since it was found.
func noSuchTable(err error) bool {
	var refused *mysql.MySQLError
	return errors.As(err, &refused) && refused.Number == 1146
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
