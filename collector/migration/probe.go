// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
)

// probe is what one look at a history gives.
type probe struct {
	a, b, c sql.NullInt64
	// holder is the connection that holds the tool's lock, read after a, b and c.
	holder sql.NullInt64
	// readOnly: nobody without special privileges writes here, so that migrations
	// run on another server, which has their locks.
	readOnly bool
}

// sameRows reports whether two looks saw the same history.
func (p probe) sameRows(q probe) bool { return p.a == q.a && p.b == q.b && p.c == q.c }

// batch is how many histories one statement looks at.
const batch = 50

// look probes the places. A statement over several fails as a whole, so that
// after a failure each is asked by itself; alone are those that failed before.
func look(ctx context.Context, server collector.Server, places []place, alone map[place]bool) map[place]look1 {
	seen := make(map[place]look1, len(places))
	var together []place
	for _, p := range places {
		if alone[p] {
			seen[p] = lookAlone(ctx, server, p)
			continue
		}
		together = append(together, p)
	}
	for len(together) > 0 {
		n := min(batch, len(together))
		lookTogether(ctx, server, together[:n], seen)
		together = together[n:]
	}
	return seen
}

// look1 is what came of the look at one place.
type look1 struct {
	probe probe
	err   error
}

func lookTogether(ctx context.Context, server collector.Server, places []place, seen map[place]look1) {
	probes, err := ask(ctx, server, places)
	for i, p := range places {
		switch {
		case err == nil:
			seen[p] = look1{probe: probes[i]}
		case ctx.Err() != nil || len(places) == 1:
			seen[p] = look1{err: err}
		default:
			seen[p] = lookAlone(ctx, server, p)
		}
	}
}

func lookAlone(ctx context.Context, server collector.Server, p place) look1 {
	probes, err := ask(ctx, server, []place{p})
	if err != nil {
		return look1{err: err}
	}
	return look1{probe: probes[0]}
}

// ask probes the places in one statement. The history is read into a derived
// table first and the lock is asked for afterwards.
func ask(ctx context.Context, server collector.Server, places []place) ([]probe, error) {
	var parts []string
	var args []any
	for i, p := range places {
		holder := "NULL"
		if name, ok := p.lock(); ok {
			holder = "IS_USED_LOCK(?)"
			args = append(args, name)
		}
		parts = append(parts, fmt.Sprintf("SELECT %d, p.a, p.b, p.c, %s, @@GLOBAL.read_only FROM (%s) AS p",
			i, holder, p.statement(p.tool.probe)))
	}
	probes := make([]probe, len(places))
	rows := 0
	err := server.Query(ctx, func(row collector.Row) error {
		rows++
		var i int
		var one probe
		if err := row.Scan(&i, &one.a, &one.b, &one.c, &one.holder, &one.readOnly); err != nil {
			return err
		}
		probes[i] = one
		return nil
	}, strings.Join(parts, " UNION ALL "), args...)
	if err == nil && rows != len(places) {
		err = fmt.Errorf("%d histories were asked for, %d answered", len(places), rows)
	}
	return probes, err
}

// lockHolder asks for the holder of a lock alone.
func lockHolder(ctx context.Context, server collector.Server, name string) (holder sql.NullInt64, err error) {
	err = server.Query(ctx, func(row collector.Row) error { return row.Scan(&holder) }, "SELECT IS_USED_LOCK(?)", name)
	return holder, err
}

// The server's answers to a statement on a table that the account may not read,
// or that does not exist: without any privilege it does not say which.
const (
	errDatabaseDenied  = 1044
	errUnknownDatabase = 1049
	errUnknownColumn   = 1054
	errTableDenied     = 1142
	errNoTable         = 1146
)

func errorNumber(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func invisible(err error) bool {
	switch errorNumber(err) {
	case errDatabaseDenied, errUnknownDatabase, errTableDenied, errNoTable:
		return true
	}
	return false
}
