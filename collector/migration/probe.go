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
	rows rowsMark
	// holder is the connection that holds the tool's lock; a 1 stands for one that
	// is not known. since is the Unix time when it took it, where a table says so.
	holder sql.NullInt64
	since  sql.NullFloat64
	// readOnly: nobody without special privileges writes here, so that migrations
	// run on another server, which has their locks.
	readOnly bool
}

// rowsMark tells whether two looks saw the same rows: top grows with each new one.
type rowsMark struct{ top, count, mark sql.NullInt64 }

// look1 is what came of the look at one place.
type look1 struct {
	probe
	err error
}

// batch is how many histories one statement looks at.
const batch = 50

// look probes the places. A statement over several fails as a whole; then each is
// asked by itself.
func look(ctx context.Context, server collector.Server, places []place) []look1 {
	var seen []look1
	for len(places) > 0 {
		n := min(batch, len(places))
		seen = append(seen, lookTogether(ctx, server, places[:n])...)
		places = places[n:]
	}
	return seen
}

func lookTogether(ctx context.Context, server collector.Server, places []place) []look1 {
	seen, err := ask(ctx, server, places)
	if err == nil {
		return seen
	}
	seen = make([]look1, len(places))
	for i := range places {
		if seen[i].err = err; ctx.Err() != nil || len(places) == 1 {
			continue
		}
		one, err := ask(ctx, server, places[i:i+1])
		if seen[i].err = err; err == nil {
			seen[i] = one[0]
		}
	}
	return seen
}

// ask probes the places in one statement.
func ask(ctx context.Context, server collector.Server, places []place) ([]look1, error) {
	var parts []string
	var args []any
	for i, p := range places {
		holder, since, lockArgs, _ := p.lock()
		args = append(args, lockArgs...)
		parts = append(parts, fmt.Sprintf("SELECT %d, p.a, p.b, p.c, %s, %s, CONCAT(@@GLOBAL.read_only) NOT IN ('0', 'OFF') FROM (%s) AS p",
			i, holder, p.statement(since), p.statement(p.tool.rows.probe("{table}"))))
	}
	seen := make([]look1, len(places))
	rows := 0
	err := server.Query(ctx, func(row collector.Row) error {
		rows++
		var i int
		var one probe
		if err := row.Scan(&i, &one.rows.top, &one.rows.count, &one.rows.mark, &one.holder, &one.since, &one.readOnly); err != nil {
			return err
		}
		seen[i].probe = one
		return nil
	}, strings.Join(parts, " UNION ALL "), args...)
	if err == nil && rows != len(places) {
		err = fmt.Errorf("%d histories were asked for, %d answered", len(places), rows)
	}
	return seen, err
}

// gone reports whether the server says that a table, its schema or a column is
// not there or not ours to read, in the words it has for that.
func gone(err error) bool {
	const (
		errDatabaseDenied  = 1044
		errUnknownDatabase = 1049
		errUnknownColumn   = 1054
		errTableDenied     = 1142
		errColumnDenied    = 1143
		errNoTable         = 1146
	)
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Number {
	case errDatabaseDenied, errUnknownDatabase, errUnknownColumn, errTableDenied, errColumnDenied, errNoTable:
		return true
	}
	return false
}
