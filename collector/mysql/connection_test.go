// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// wantConnection fails the test unless the scrape says just that. The reason is
// empty for a server that is up.
func (f families) wantConnection(t testing.TB, reachable bool, reason collector.ConnectReason) {
	t.Helper()
	f.want(t, 1, "dbsync_collector_success", "collector", "mysql.connection")
	f.want(t, collector.Bool(reason == ""), "mysql_up")
	f.want(t, collector.Bool(reachable), "dbsync_mysql_reachable")
	for _, r := range collector.ConnectReasons() {
		f.want(t, collector.Bool(r == reason), "dbsync_connect_error", "reason", string(r))
	}
}

var innodbAnswer = answer{
	prefix: "SHOW GLOBAL VARIABLES LIKE 'innodb_version'", columns: []string{"Variable_name", "Value"},
	rows: [][]driver.Value{{[]byte("innodb_version"), []byte("8.4.9")}},
}

func TestConnectionErrors(t *testing.T) {
	refused := func(reason collector.ConnectReason, heard bool) error {
		return fmt.Errorf("ping: %w", &collector.ConnectError{Reason: reason, Reachable: heard, Err: errors.New("no")})
	}
	for name, test := range map[string]struct {
		err       error
		reachable bool
		reason    collector.ConnectReason
	}{
		"wrong password":            {refused(collector.AccessDenied, true), true, collector.AccessDenied},
		"nobody there":              {refused(collector.Unreachable, false), false, collector.Unreachable},
		"login hangs":               {refused(collector.Timeout, false), false, collector.Timeout},
		"login hangs half-way":      {errors.Join(refused(collector.Timeout, true), context.DeadlineExceeded), true, collector.Timeout},
		"session hangs":             {context.DeadlineExceeded, true, collector.Timeout},
		"session closed when late":  {errors.Join(driver.ErrBadConn, context.DeadlineExceeded), true, collector.Timeout},
		"server answers with error": {errors.New("Error 1053 (08S01): Server shutdown in progress"), true, collector.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			server := newFake(t, collector.MySQL, "8.4.9", innodbAnswer)
			scrape := newScraper(t, server, connection())
			scrape().wantConnection(t, true, "")
			server.pingError = test.err
			scrape().wantConnection(t, test.reachable, test.reason)
			server.pingError = nil
			scrape().wantConnection(t, true, "")
		})
	}
}

// A server at its limit of connections is up while a session of ours is.
func TestConnectionAtTheLimitAsksAnOpenSession(t *testing.T) {
	server := newFake(t, collector.MySQL, "8.4.9", innodbAnswer, answer{prefix: "SELECT 1", columns: []string{"1"}})
	server.pingError = &collector.ConnectError{Reason: collector.TooManyConnections, Reachable: true, Err: errors.New("1040")}
	newScraper(t, server, connection())().wantConnection(t, true, "")
}

func TestConnectionWithoutServerIsSkipped(t *testing.T) {
	got := newScraper(t, nil, connection())()
	if reason := got.skipped("mysql.connection"); reason != collector.Unconfigured {
		t.Errorf("skipped for %q", reason)
	}
	got.wantNone(t, "mysql_up")
}

// What describes the server may fail without taking mysql_up along.
func TestConnectionWithoutVersion(t *testing.T) {
	got := newScraper(t, newFake(t, collector.MySQL, "8.4.9"), connection())()
	got.want(t, 1, "mysql_up")
	got.want(t, 0, "dbsync_source_success", "source", "version")
	got.wantNone(t, "mysql_version_info")
}

func TestVersionIsReadOncePerConnection(t *testing.T) {
	server := newFake(t, collector.MySQL, "8.4.9", innodbAnswer)
	scrape := newScraper(t, server, connection())
	for range 3 {
		scrape().want(t, 1, "mysql_version_info", "innodb_version", "8.4.9", "version", "8.4.9", "version_comment", "")
	}
	server.facts.Since, server.facts.VersionString = 2, "8.4.10"
	scrape().want(t, 1, "mysql_version_info", "version", "8.4.10")
	if len(server.asked) != 2 {
		t.Errorf("asked %q, want once per connection", server.asked)
	}
}

func TestConnectionLogsChangesOnly(t *testing.T) {
	server := newFake(t, collector.MySQL, "8.4.9", innodbAnswer)
	var log bytes.Buffer
	target := &collector.Target{Name: "test", Server: server, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	scraper, err := collector.NewScraper(target, []collector.Definition{connection()})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{nil, context.DeadlineExceeded, context.DeadlineExceeded, nil, nil} {
		server.pingError = err
		scraper.Scrape(t.Context())
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 || !strings.Contains(log.String(), "reason=timeout") {
		t.Errorf("want a line for down and one for up:\n%s", log.String())
	}
}

func TestConnectionDescribesTheServer(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		got := scrape(t, server, connection())
		got.wantConnection(t, true, "")
		hostname := testenv.Value[string](t, server, "SELECT @@hostname")
		got.want(t, 1, "dbsync_mysql_server_info", "flavour", string(flavour(server)), "hostname", hostname)
		got.want(t, 1, "mysql_version_info", "version", testenv.Value[string](t, server, "SELECT @@version"))
	})
}

// TestOverlappingScrapes is the case in which mysqld_exporter reports a healthy
// server as down: its scrapes take each other's connections.
func TestOverlappingScrapes(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, connect(t, server, defaults()...), defaults()...)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				got := scrape()
				got.want(t, 1, "mysql_up")
				got.mustSucceed(t)
			})
		}
		wg.Wait()
	})
}

func TestConnectionRefused(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		t.Run("wrong password", func(t *testing.T) {
			account := server.Grant(t, "stranger")
			account.Password += "x"
			newScraper(t, login(t, server, account), connection())().wantConnection(t, true, collector.AccessDenied)
		})
		t.Run("no connection left", func(t *testing.T) {
			account := server.Grant(t, "crowd", "ALTER USER {user} WITH MAX_USER_CONNECTIONS 1")
			other, err := server.OpenAs(t, account).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			scrape := newScraper(t, login(t, server, account), connection())
			scrape().wantConnection(t, true, collector.TooManyConnections)
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			server.Exec(t, "ALTER USER "+account.User()+" WITH MAX_USER_CONNECTIONS 3")
			scrape().wantConnection(t, true, "")
		})
		t.Run("nobody listens", func(t *testing.T) {
			account := server.Grant(t, "lost")
			nowhere := login(t, server, account, func(o *mysqld.Options) { o.Address = "127.0.0.1:1" })
			newScraper(t, nowhere, connection())().wantConnection(t, false, collector.Unreachable)
		})
	})
}

// TestStuckServer stops the process, as a hanging disk would: connections are
// accepted by the kernel and nothing answers.
func TestStuckServer(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, connect(t, server, connection()), connection())
		scrape().wantConnection(t, true, "")
		if err := server.Freeze(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Thaw(); err != nil {
				t.Error(err)
			}
		})
		scrape().wantConnection(t, true, collector.Timeout) // over the session that is open
		testenv.Eventually(t, 20*time.Second, "a new login finds nobody", func() error {
			got := scrape()
			if reachable, _ := got.value("dbsync_mysql_reachable"); reachable != 0 {
				return errors.New("reachable")
			}
			got.wantConnection(t, false, collector.Timeout)
			return nil
		})
		if err := server.Thaw(); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, 20*time.Second, "the server is up again", func() error {
			if up, _ := scrape().value("mysql_up"); up != 1 {
				return fmt.Errorf("mysql_up %v", up)
			}
			return nil
		})
	})
}
