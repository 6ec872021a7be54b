// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// withPerformanceSchema runs the test on a MariaDB and a MySQL that have it on.
func withPerformanceSchema(t *testing.T, test func(*testing.T, *testenv.Server)) {
	t.Helper()
	t.Run("mariadb", func(t *testing.T) { test(t, sharedMariaDB(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, testenv.SharedMySQL(t)) })
}

func sharedMariaDB(t testing.TB) *testenv.Server {
	t.Helper()
	return testenv.SharedMariaDB(t, testenv.WithFlags("--performance-schema=ON"))
}

// session is a session of root in the schema, or in none. It ends with the test.
type session struct {
	t       testing.TB
	conn    *sql.Conn
	id      uint64
	pending sync.WaitGroup
}

func newSession(t testing.TB, server *testenv.Server, schema string) *session {
	t.Helper()
	config := server.AdminConfig()
	config.DBName = schema
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t}
	ctx := context.WithoutCancel(t.Context())
	if s.conn, err = db.Conn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&s.id); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Of a test that failed halfway, the statement may still wait.
		_, _ = server.Open().ExecContext(ctx, fmt.Sprint("KILL QUERY ", s.id))
		s.pending.Wait()
		_ = s.conn.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *session) exec(statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if _, err := s.conn.ExecContext(context.WithoutCancel(s.t.Context()), statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// begin runs a statement that will wait; done waits for its end.
func (s *session) begin(statement string) {
	s.pending.Go(func() {
		_, _ = s.conn.ExecContext(context.WithoutCancel(s.t.Context()), statement)
	})
}

func (s *session) done() { s.pending.Wait() }

// until scrapes until the condition holds.
func until(t testing.TB, scrape func() families, what string, condition func(families) error) families {
	t.Helper()
	var got families
	testenv.Eventually(t, 10*time.Second, what, func() error {
		got = scrape()
		return condition(got)
	})
	got.mustSucceed(t)
	return got
}

// has is the condition that the series has the value.
func has(want float64, name string, labels ...string) func(families) error {
	return func(f families) error {
		if got, ok := f.value(name, labels...); !ok || got != want {
			return fmt.Errorf("%s%q = %v (one series: %t), want %v", name, labels, got, ok, want)
		}
		return nil
	}
}

// recorder keeps the statements that collectors run.
type recorder struct {
	collector.Server
	t     testing.TB
	mu    sync.Mutex
	asked []string
}

// Query fails the test when the statement fails.
func (r *recorder) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	r.mu.Lock()
	r.asked = append(r.asked, query)
	r.mu.Unlock()
	err := r.Server.Query(ctx, scan, query, args...)
	if err != nil {
		r.t.Errorf("%s: %v", query, err)
	}
	return err
}

// take returns the statements since it was last called.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := slices.Clone(r.asked)
	r.asked = nil
	return asked
}

// record returns the recorded connection of an account with the documented
// privileges.
func record(t testing.TB, server *testenv.Server, defs ...collector.Definition) *recorder {
	t.Helper()
	return &recorder{Server: connect(t, server, defs...), t: t}
}
