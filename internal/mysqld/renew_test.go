// SPDX-License-Identifier: Apache-2.0

package mysqld_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// young sessions are old at once.
func young(o *mysqld.Options) { o.SessionAge = time.Millisecond }

// since identifies the session that the facts were read over.
func since(t *testing.T, s *mysqld.Server) int64 {
	t.Helper()
	facts, err := s.Facts(deadline(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return facts.Since
}

// renewed waits until a use of the session has brought about its successor.
func renewed(t *testing.T, s *mysqld.Server, before int64) {
	t.Helper()
	testenv.Eventually(t, 10*time.Second, "the session is another one", func() error {
		if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
			return err
		}
		if since(t, s) == before {
			return errors.New("the same")
		}
		return nil
	})
}

// TestFullServerKeepsTheSessionItGave: a session that is due is not given up on a
// server that has no room for its successor.
func TestFullServerKeepsTheSessionItGave(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "full", grants...)
		s := open(t, server, account, func(o *mysqld.Options) { o.MaxConnections, o.SessionAge = 1, 20*time.Millisecond })
		renewed(t, s, since(t, s))

		server.Exec(t, "SET GLOBAL max_connections = 10")
		filler := server.Grant(t, "filler", "GRANT USAGE ON *.* TO {user}")
		var full []*mysqld.Server
		testenv.Eventually(t, 10*time.Second, "the server is full", func() error {
			one := open(t, server, filler)
			full = append(full, one)
			var refused *collector.ConnectError
			if err := one.Ping(deadline(t, 10*time.Second)); !errors.As(err, &refused) || refused.Reason != collector.TooManyConnections {
				return fmt.Errorf("login %d: %w", len(full), err)
			}
			return nil
		})
		before := since(t, s)
		for end := time.Now().Add(time.Second); time.Now().Before(end); {
			if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
				t.Fatalf("ping: %v", err)
			}
		}
		if since(t, s) != before {
			t.Error("the session was renewed on a full server: the test shows nothing")
		}
		for _, one := range full {
			_ = one.Close()
		}
		renewed(t, s, before)
	})
}

// TestRefusedAccountIsNotRenewed: an account that may not log in any more shows,
// though its sessions would go on.
func TestRefusedAccountIsNotRenewed(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "gone", grants...)
		s := open(t, server, account, young)
		renewed(t, s, since(t, s))
		server.Exec(t, "ALTER USER "+account.User()+" IDENTIFIED BY 'another-secret'")
		testenv.Eventually(t, 10*time.Second, "the account is refused", func() error {
			err := s.Ping(deadline(t, 10*time.Second))
			var refused *collector.ConnectError
			if !errors.As(err, &refused) || refused.Reason != collector.AccessDenied {
				return fmt.Errorf("ping: %w", err)
			}
			return nil
		})
	})
}

// TestRenewalsStayBelowTheCap: the account may have three connections, and the
// server would refuse a fourth.
func TestRenewalsStayBelowTheCap(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "renewals", grants...)
		s := open(t, server, account, young)
		before := since(t, s)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range 50 {
					if err := s.Query(deadline(t, 30*time.Second), discard, "SELECT 1"); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		renewed(t, s, before)
	})
}

// TestPingNeedsNotWaitForTheEndOfAnOverrun uses statements that not even KILL ends
// before they are done.
func TestPingNeedsNotWaitForTheEndOfAnOverrun(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "deaf", grants...)
		s := open(t, server, account)
		const deaf = "SELECT LENGTH(SHA2(REPEAT('x', 16000000), 512))"
		statement := deaf + strings.Repeat(" + LENGTH(SHA2(REPEAT('x', 16000000), 512))", 60)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if err := s.Query(deadline(t, 300*time.Millisecond), discard, statement); err == nil {
					t.Error("the statement is over before it can overrun")
				}
			})
		}
		wg.Wait()
		for range 3 {
			if err := s.Ping(deadline(t, 2*time.Second)); err != nil {
				t.Errorf("ping: %v", err)
			}
		}
		t.Logf("%d statements were still running", testenv.Value[int](t, server,
			"SELECT COUNT(*) FROM information_schema.processlist WHERE user = ? AND command <> 'Sleep'", account.Name))
	})
}
