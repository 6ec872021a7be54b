// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

//nolint:gochecknoglobals // the tests of a package meet in nothing but the process that TestMain is given
var (
	shared pool
	unique atomic.Int64 // numbers the schemas of all servers
)

// pool holds the servers that live as long as the test process.
type pool struct {
	mu      sync.Mutex
	open    bool // true while Main runs: nobody else would end the servers
	servers map[string]*Server
}

// Main runs the package's tests, ends the servers that they shared and exits. It fails the package when a goroutine or a
// child process is left. Call it as the only line of TestMain.
func Main(m *testing.M, ignore ...goleak.Option) {
	shared.begin()
	code := m.Run()
	err := errors.Join(shared.end(), goleak.Find(ignore...), leftChildren())
	if err != nil {
		fmt.Fprintln(os.Stderr, "after the tests:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// SharedMariaDB returns the MariaDB that the tests of this package share; tests with other options share another one.
func SharedMariaDB(t testing.TB, options ...Option) *Server {
	t.Helper()
	program, err := sandbox.FindMariaDB()
	return shared.server(t, Require(t, program, err), options)
}

// SharedMySQL returns the MySQL that the tests of this package share; tests with other options share another one.
func SharedMySQL(t testing.TB, options ...Option) *Server {
	t.Helper()
	program, err := sandbox.FindMySQL()
	return shared.server(t, Require(t, program, err), options)
}

// EachSharedServer runs the test once per database product, as a subtest named after it, against the shared server.
func EachSharedServer(t *testing.T, test func(*testing.T, *Server), options ...Option) {
	t.Helper()
	t.Run(string(sandbox.MariaDB), func(t *testing.T) { test(t, SharedMariaDB(t, options...)) })
	t.Run(string(sandbox.MySQL), func(t *testing.T) { test(t, SharedMySQL(t, options...)) })
}

func (p *pool) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open, p.servers = true, map[string]*Server{}
}

func (p *pool) end() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, server := range p.servers {
		errs = append(errs, server.discard())
	}
	p.open, p.servers = false, nil
	return errors.Join(errs...)
}

// server starts what is not there yet. The lock is held meanwhile: a second test that wants the same server waits for
// it, and two servers at once would start no sooner.
func (p *pool) server(t testing.TB, program sandbox.Program, options []Option) *Server {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		t.Fatal("shared servers need func TestMain(m *testing.M) { testenv.Main(m) } in this package")
	}
	key := sharedKey(program, options)
	if server := p.servers[key]; server != nil {
		return server
	}
	server, err := launch(program, options)
	if err != nil {
		t.Fatal(err)
	}
	p.servers[key] = server
	return server
}

func sharedKey(program sandbox.Program, options []Option) string {
	var settings sandbox.Options
	for _, option := range options {
		option(&settings)
	}
	return fmt.Sprintf("%s %q", program.Path, settings.Flags)
}
