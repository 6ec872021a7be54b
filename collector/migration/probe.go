// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// answer is what came of the look at one history.
type answer struct {
	probe
	err error
}

// question is what a look at one history asks for.
type question struct {
	columns string // a, b, c, the lock's holder and since when
	from    string
	args    []any
}

// question asks for the rows and the lock together. In which order the server
// reads them does not matter, see [history.judge].
func (p place) question() question {
	holder, since, args, _ := p.lock()
	return question{p.statement(p.tool.rows.probe() + ", " + holder + ", " + since), " FROM " + p.quoted(), args}
}

// batch is how many histories one statement looks at.
const batch = 50

// look probes the histories, each of which gets its answer. A statement over
// several fails as a whole; then each is asked by itself, and what failed stays
// alone until it works again.
func look(ctx context.Context, server collector.Server, all []*history) {
	var together []*history
	for _, h := range all {
		if h.seen.err != nil {
			lookTogether(ctx, server, []*history{h})
		} else {
			together = append(together, h)
		}
	}
	for some := range slices.Chunk(together, batch) {
		lookTogether(ctx, server, some)
	}
}

func lookTogether(ctx context.Context, server collector.Server, all []*history) {
	seen, err := ask(ctx, server, all)
	for i, h := range all {
		switch {
		case err == nil:
			h.seen = answer{probe: seen[i]}
		case len(all) == 1 || ctx.Err() != nil:
			h.seen = answer{err: err}
		default:
			lookTogether(ctx, server, all[i:i+1])
		}
	}
}

// ask probes the histories in one statement. Whether the server is read-only is
// asked once.
func ask(ctx context.Context, server collector.Server, all []*history) ([]probe, error) {
	var statement strings.Builder
	var args []any
	// MariaDB 12.1 made words of read_only; a reader of Aurora has the other one.
	readOnly := "CONCAT(@@GLOBAL.read_only) NOT IN ('0', 'OFF') OR @@GLOBAL.innodb_read_only <> 0"
	for i, h := range all {
		if i > 0 {
			statement.WriteString(" UNION ALL ")
			readOnly = "NULL"
		}
		statement.WriteString("SELECT " + strconv.Itoa(i) + ", " + readOnly + ", " + h.question.columns + h.question.from)
		args = append(args, h.question.args...)
	}
	seen := make([]probe, len(all))
	rows := 0
	var elsewhere sql.NullBool
	err := server.Query(ctx, func(row collector.Row) error {
		rows++
		var i int
		var only sql.NullBool
		var one probe
		if err := row.Scan(&i, &only, &one.rows.top, &one.rows.count, &one.rows.mark, &one.holder, &one.since); err != nil {
			return err
		}
		if only.Valid {
			elsewhere = only
		}
		seen[i] = one
		return nil
	}, statement.String(), args...)
	if err == nil && rows != len(all) {
		err = fmt.Errorf("%d histories were asked for, %d answered", len(all), rows)
	}
	for i := range seen {
		seen[i].readOnly = elsewhere.Bool
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
