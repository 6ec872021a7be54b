// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/easy-erp/dbsync/collector"
)

// fake is a server that says what a test wants: errors in the middle of a
// result, columns and values that no server at hand has. Rows go through
// database/sql, so that they are scanned as real ones are.
type fake struct {
	facts      collector.Facts
	factsError error
	pingError  error
	answers    []answer
	db         *sql.DB

	mu    sync.Mutex
	asked []string // the statements that came
}

// answer is the result of the statements that begin with a prefix; the first
// that fits is given.
type answer struct {
	prefix  string
	columns []string
	rows    [][]driver.Value // string, []byte, int64, float64 or nil, as the driver has them
	err     error            // after the rows
}

// newFake returns a server of the flavour and version with the answers.
func newFake(t testing.TB, flavour collector.Flavour, version string, answers ...answer) *fake {
	t.Helper()
	parsed, err := collector.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{answers: answers, facts: collector.Facts{
		Flavour: flavour, Version: parsed, VersionString: version, PerformanceSchema: true, Since: 1,
		Grants: collector.ParseGrants([]string{"GRANT ALL PRIVILEGES ON *.* TO `dbsync`@`%`"}),
	}}
	f.db = sql.OpenDB(fakeConnector{f})
	t.Cleanup(func() {
		if err := f.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fake) Facts(context.Context) (collector.Facts, error) { return f.facts, f.factsError }
func (f *fake) Ping(context.Context) error                     { return f.pingError }
func (f *fake) Background() collector.Server                   { return f }

func (f *fake) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	f.mu.Lock()
	f.asked = append(f.asked, query)
	f.mu.Unlock()
	rows, err := f.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

type fakeConnector struct{ fake *fake }

func (c fakeConnector) Connect(context.Context) (driver.Conn, error) { return fakeConn(c), nil }
func (c fakeConnector) Driver() driver.Driver                        { return nil }

type fakeConn struct{ fake *fake }

func (fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (fakeConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (fakeConn) Close() error                        { return nil }

func (c fakeConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	i := slices.IndexFunc(c.fake.answers, func(a answer) bool { return strings.HasPrefix(query, a.prefix) })
	if i < 0 {
		return nil, fmt.Errorf("fake server: no answer to %q", query)
	}
	return &fakeRows{answer: c.fake.answers[i]}, nil
}

type fakeRows struct {
	answer answer
	next   int
}

func (r *fakeRows) Columns() []string { return r.answer.columns }
func (*fakeRows) Close() error        { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	if r.next == len(r.answer.rows) {
		if r.answer.err != nil {
			return r.answer.err
		}
		return io.EOF
	}
	copy(dest, r.answer.rows[r.next])
	r.next++
	return nil
}
