// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Check is a question of the user's own to the restored tables.
type Check struct {
	Query  string // gives one row of one column
	Expect string // what it gives, as text
}

// atOnce bounds how many tables are looked at at the same time: disk and processors are the live server's, too.
const atOnce = 2

// check looks at what was restored.
func (w *work) check(ctx context.Context, m method, v *Verdict) error {
	w.step("check")
	began := time.Now()
	defer func() { v.CheckSeconds = time.Since(began).Seconds() }()
	db := w.running.Open()
	tables, err := baseTables(ctx, db)
	if err != nil {
		return err
	}
	v.Tables = len(tables)
	counts, err := w.lookAt(ctx, tables, v)
	if err != nil {
		return err
	}
	for _, n := range counts {
		v.Rows += n
	}
	if len(tables) == 0 {
		v.Problems = append(v.Problems, *problem(NotRestored, "", "there is no table in it"))
	}
	promised(m.rows(), counts, v)
	if w.options.Live != nil {
		w.step("compare")
		if err := w.compare(ctx, m, counts, v); err != nil {
			return err
		}
	}
	return w.ask(ctx, db, tables, v)
}

// ofUsers is the condition for schemas that hold data of users. Sequences and views have no rows to be lost.
const ofUsers = "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND " +
	"TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"

func baseTables(ctx context.Context, db *sql.DB) ([]table, error) {
	rows, err := db.QueryContext(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE "+ofUsers+" ORDER BY 1, 2")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.schema, &t.name); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}

// lookAt checks every table and counts its rows.
func (w *work) lookAt(ctx context.Context, tables []table, v *Verdict) (map[table]int64, error) {
	var mu sync.Mutex
	counts := map[table]int64{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, t := range tables {
		group.Go(func() error {
			n, err := w.lookAtOne(ctx, t)
			mu.Lock()
			defer mu.Unlock()
			var p *Problem
			switch {
			case errors.As(err, &p):
				v.Problems = append(v.Problems, *p)
				return nil
			case err != nil:
				return err
			}
			counts[t] = n
			return nil
		})
	}
	err := group.Wait()
	slices.SortFunc(v.Problems, func(a, b Problem) int { return strings.Compare(a.Table, b.Table) })
	return counts, err
}

func (w *work) lookAtOne(ctx context.Context, t table) (rows int64, err error) {
	name := quote(t.schema) + "." + quote(t.name)
	db := w.running.Open()
	complaint, err := checkTable(ctx, db, name)
	if err == nil && complaint != "" {
		return 0, problem(TableDamaged, t.String(), "CHECK TABLE says: %s", complaint)
	}
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+name).Scan(&rows)
	}
	switch {
	case err == nil:
		return rows, nil
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case w.running.died():
		return 0, problem(TableDamaged, t.String(), "the server ended while it read the table; its last output:\n%s", w.running.Output())
	}
	return 0, problem(TableDamaged, t.String(), "%s", discreet(err))
}

// checkTable returns what CHECK TABLE complains about, or "".
func checkTable(ctx context.Context, db *sql.DB, name string) (string, error) {
	rows, err := db.QueryContext(ctx, "CHECK TABLE "+name)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var said []string
	good := false
	for rows.Next() {
		var of, op, kind, text string
		if err := rows.Scan(&of, &op, &kind, &text); err != nil {
			return "", err
		}
		switch {
		case kind == "status" && (text == "OK" || text == "Table is already up to date"):
			good = true
		case kind == "note": // "the storage engine for the table doesn't support check"
			good = true
		default:
			said = append(said, strings.ToLower(kind)+": "+text)
		}
	}
	if err := rows.Err(); err != nil || good && len(said) == 0 {
		return "", err
	}
	if good && !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "error") }) {
		return "", nil // warnings, of a table that was not closed for instance
	}
	return strings.Join(said, "; "), nil
}

// promised compares with what the backup itself says of its tables.
func promised(rows map[table]int64, counts map[table]int64, v *Verdict) {
	for _, t := range sorted(rows) {
		have, there := counts[t]
		switch {
		case v.names(t): // it is damaged
		case !there:
			v.Problems = append(v.Problems, *problem(TableMissing, t.String(), "it is in the backup's own list of tables, and was not restored"))
		case have != rows[t]:
			v.Problems = append(v.Problems, *problem(RowsDiffer, t.String(), "%d rows were restored, and the backup says that there are %d", have, rows[t]))
		}
	}
}

// names reports whether a problem of that table is known.
func (v *Verdict) names(t table) bool {
	return slices.ContainsFunc(v.Problems, func(p Problem) bool { return p.Table == t.String() })
}

func sorted[V any](of map[table]V) []table {
	var tables []table
	for t := range of {
		tables = append(tables, t)
	}
	slices.SortFunc(tables, func(a, b table) int { return strings.Compare(a.String(), b.String()) })
	return tables
}

// ask asks the user's own questions, within the schema that was restored if it is one alone.
func (w *work) ask(ctx context.Context, db *sql.DB, tables []table, v *Verdict) error {
	if len(w.options.Checks) == 0 {
		return nil
	}
	w.step("ask")
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if len(tables) > 0 && tables[0].schema == tables[len(tables)-1].schema { // they are sorted
		if err := execute(ctx, conn, "USE "+quote(tables[0].schema)); err != nil {
			return err
		}
	}
	for _, c := range w.options.Checks {
		v.Checks++
		got, err := answer(ctx, conn, c.Query)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			v.Problems = append(v.Problems, *problem(CheckFailed, "", "check %q: %s", c.Query, discreet(err)))
		case got != c.Expect:
			v.Problems = append(v.Problems, *problem(CheckFailed, "", "check %q: got %q, want %q", c.Query, got, c.Expect))
		}
	}
	return nil
}

// answer is the single value that a query gives, as text.
func answer(ctx context.Context, conn *sql.Conn, query string) (string, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	if len(columns) != 1 {
		return "", fmt.Errorf("it gives %d columns, want one", len(columns))
	}
	if !rows.Next() {
		return "", errors.Join(errors.New("it gives no row, want one"), rows.Err())
	}
	var value sql.NullString
	if err := rows.Scan(&value); err != nil {
		return "", err
	}
	if rows.Next() {
		return "", errors.New("it gives more than one row, want one")
	}
	if !value.Valid {
		value.String = "NULL"
	}
	return value.String, rows.Err()
}
