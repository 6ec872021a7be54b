// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"crypto/rand"
	"database/sql"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Account is a database account that a test created.
type Account struct {
	Name, Password string
	addr, socket   string
}

// Grant creates an account by the given name and runs the grants for it, each with {user} replaced by the account. The
// account is dropped when the test ends.
//
//	account := server.Grant(t, "dbsync", "GRANT PROCESS ON *.* TO {user}")
func (s *Server) Grant(t testing.TB, name string, grants ...string) Account {
	t.Helper()
	account := Account{Name: name, Password: rand.Text(), addr: s.Addr(), socket: s.Socket()}
	s.Exec(t, "CREATE USER "+account.User()+" IDENTIFIED BY '"+account.Password+"'")
	t.Cleanup(func() {
		if err := s.run("DROP USER IF EXISTS " + account.User()); err != nil {
			t.Errorf("drop account %s: %v", name, err)
		}
	})
	for _, grant := range grants {
		s.Exec(t, strings.ReplaceAll(grant, "{user}", account.User()))
	}
	return account
}

// User is the account as SQL writes it: 'name'@'%'.
func (a Account) User() string { return "'" + a.Name + "'@'%'" }

// Config logs the account in over TCP. The caller may change the copy that it gets.
func (a Account) Config() *mysql.Config { return a.config("tcp", a.addr) }

// SocketConfig logs the account in over the unix socket.
func (a Account) SocketConfig() *mysql.Config { return a.config("unix", a.socket) }

func (a Account) config(network, address string) *mysql.Config {
	config := mysql.NewConfig()
	config.User, config.Passwd = a.Name, a.Password
	config.Net, config.Addr = network, address
	config.Logger = &mysql.NopLogger{}
	return config
}

// DSN is Config as a data source name.
func (a Account) DSN() string { return a.Config().FormatDSN() }

// OpenAs returns the account's connections over TCP, which are closed when the test ends.
func (s *Server) OpenAs(t testing.TB, account Account) *sql.DB {
	t.Helper()
	connector, err := mysql.NewConnector(account.Config())
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
