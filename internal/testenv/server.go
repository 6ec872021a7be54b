// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"fmt"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// Option changes how a database server is started.
type Option func(*sandbox.Options)

// WithFlags passes further flags to the server; they win over the sandbox's own. MariaDB has performance_schema only
// with "--performance-schema=ON".
func WithFlags(flags ...string) Option {
	return func(o *sandbox.Options) { o.Flags = append(o.Flags, flags...) }
}

// Server is a running database server and what tests do with it.
type Server struct {
	*sandbox.Instance
}

// MariaDB starts a MariaDB for this test alone.
func MariaDB(t testing.TB, options ...Option) *Server {
	t.Helper()
	program, err := sandbox.FindMariaDB()
	return own(t, Require(t, program, err), options)
}

// MySQL starts a MySQL for this test alone.
func MySQL(t testing.TB, options ...Option) *Server {
	t.Helper()
	program, err := sandbox.FindMySQL()
	return own(t, Require(t, program, err), options)
}

// EachServer runs the test once per database product, as a subtest named after it, against a server of its own.
func EachServer(t *testing.T, test func(*testing.T, *Server), options ...Option) {
	t.Helper()
	t.Run(string(sandbox.MariaDB), func(t *testing.T) { test(t, MariaDB(t, options...)) })
	t.Run(string(sandbox.MySQL), func(t *testing.T) { test(t, MySQL(t, options...)) })
}

func own(t testing.TB, program sandbox.Program, options []Option) *Server {
	t.Helper()
	server, err := launch(program, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("last output of the %s server:\n%s", server.Kind(), server.Output())
		}
		if err := server.discard(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func launch(program sandbox.Program, options []Option) (*Server, error) {
	settings := sandbox.Options{Program: program}
	for _, option := range options {
		option(&settings)
	}
	ctx, cancel := starting()
	defer cancel()
	instance, err := sandbox.Start(ctx, settings)
	if err != nil {
		return nil, err
	}
	return &Server{Instance: instance}, nil
}

// discard ends the server without the second or two of an orderly shutdown: nobody will read its files.
func (s *Server) discard() error {
	if err := s.Kill(); err != nil {
		return err
	}
	return s.Stop()
}

// Exec runs statements as root, outside of any schema.
func (s *Server) Exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := s.run(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// run has a bound of its own: statements of a cleanup run when the test's context has ended.
func (s *Server) run(statement string) error {
	ctx, cancel := starting()
	defer cancel()
	_, err := s.Open().ExecContext(ctx, statement)
	return err
}

// Value returns the single value that a query gives, as root.
func Value[T any](t testing.TB, s *Server, query string, args ...any) (value T) {
	t.Helper()
	ctx, cancel := starting()
	defer cancel()
	if err := s.Open().QueryRowContext(ctx, query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// Schema creates an empty schema with a name that is unique on this server and drops it when the test ends.
func (s *Server) Schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d", unique.Add(1))
	s.Exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		if err := s.run("DROP DATABASE IF EXISTS " + name); err != nil {
			t.Errorf("drop schema %s: %v", name, err)
		}
	})
	return name
}
