// SPDX-License-Identifier: Apache-2.0

package mysqld_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// grants are what a monitoring account needs on either flavour for these tests.
var grants = []string{"GRANT PROCESS ON *.* TO {user}", "ALTER USER {user} WITH MAX_USER_CONNECTIONS 3"}

func password(p string) func() (string, error) {
	return func() (string, error) { return p, nil }
}

// open returns the connection of an account of its own to the server.
func open(t *testing.T, server *testenv.Server, account testenv.Account, change ...func(*mysqld.Options)) *mysqld.Server {
	t.Helper()
	options := mysqld.Options{
		Name: "test", Address: server.Addr(), User: account.Name, Password: password(account.Password), Program: "dbsync-test",
	}
	for _, c := range change {
		c(&options)
	}
	s, err := mysqld.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func discard(collector.Row) error { return nil }

// connections returns how many connections the account has on the server.
func connections(t *testing.T, server *testenv.Server, account testenv.Account) int {
	t.Helper()
	return testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?", account.Name)
}

func TestFacts(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "facts", grants...)
		for _, address := range []string{server.Addr(), "unix://" + server.Socket()} {
			s := open(t, server, account, func(o *mysqld.Options) { o.Address = address })
			facts, err := s.Facts(deadline(t, 10*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(server.Version(), facts.Version.String()) || facts.Hostname == "" {
				t.Errorf("facts = %+v, want version %s", facts, server.Version())
			}
			if !facts.Grants.Has(collector.Privilege{Name: "PROCESS", On: "*.*"}) ||
				facts.Grants.Has(collector.Privilege{Name: "SUPER", On: "*.*"}) {
				t.Errorf("grants = %v", facts.Grants)
			}
		}
	})
}

func TestSessionIsBoundedReadOnlyAndNamed(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "bounds", append(grants, "GRANT CREATE ON *.* TO {user}")...)
		s := open(t, server, account)
		var zone, mode string
		var lockWait uint64
		var slow float64
		err := s.Query(deadline(t, 10*time.Second), func(r collector.Row) error {
			return r.Scan(&zone, &mode, &lockWait, &slow)
		}, "SELECT @@time_zone, @@sql_mode, @@lock_wait_timeout, @@long_query_time")
		if err != nil || zone != "+00:00" || mode != "" || lockWait != 2 || slow != 3600 {
			t.Errorf("session: %q %q %d %v, %v", zone, mode, lockWait, slow, err)
		}
		err = s.Query(deadline(t, 10*time.Second), discard, "CREATE DATABASE must_not_exist")
		if err == nil {
			t.Error("the session can write")
		}
	})
}

func TestQueriesShareTwoSessions(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "cap", grants...)
		s := open(t, server, account)
		var most atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				err := s.Query(deadline(t, 30*time.Second), func(r collector.Row) error {
					var n int64
					err := r.Scan(&n)
					for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
					}
					return err
				}, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?", account.Name)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most.Load() > 2 {
			t.Errorf("%d connections at once, want at most 2", most.Load())
		}
	})
}

// TestOverrunEndsOnTheServer uses a cross join, which nothing but KILL ends
// early, and an account limited to what the exporter may use.
func TestOverrunEndsOnTheServer(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "overrun", grants...)
		s := open(t, server, account)
		for range 3 {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					err := s.Query(deadline(t, 300*time.Millisecond), discard,
						"SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c")
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("overrun: %v, want the deadline", err)
					}
				})
			}
			wg.Wait()
			if err := s.Ping(deadline(t, 5*time.Second)); err != nil {
				t.Errorf("ping right after: %v", err)
			}
		}
		testenv.Eventually(t, time.Second, "nothing runs on the server", func() error {
			n := testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ? AND command = 'Query'", account.Name)
			if n > 0 {
				return fmt.Errorf("%d statements run", n)
			}
			return nil
		})
		if n := connections(t, server, account); n > 3 {
			t.Errorf("%d connections, want at most 3", n)
		}
	})
}

func TestPingWorksWhileAllSessionsAreBusy(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "busy", grants...)
		s := open(t, server, account)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _ = s.Query(ctx, discard, "SELECT SLEEP(60)") })
		}
		testenv.Eventually(t, 10*time.Second, "both sessions are busy", func() error {
			if n := testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ? AND info LIKE 'SELECT SLEEP%'", account.Name); n != 2 {
				return fmt.Errorf("%d", n)
			}
			return nil
		})
		if err := s.Ping(deadline(t, 5*time.Second)); err != nil {
			t.Errorf("ping: %v", err)
		}
		stop()
		wg.Wait()
	})
}

// TestPingWaitsForASessionThereIs: other collectors of the same scrape use both sessions for a moment, which is no reason
// for a third login.
func TestPingWaitsForASessionThereIs(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "moment", grants...)
		s := open(t, server, account)
		started, finish := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		defer wg.Wait()
		for range 2 {
			wg.Go(func() {
				_ = s.Query(t.Context(), func(collector.Row) error { started <- struct{}{}; <-finish; return nil }, "SELECT 1")
			})
		}
		<-started
		<-started
		begun := waitedFor{Context: deadline(t, 10*time.Second), once: sync.OnceFunc(func() { close(finish) })}
		if err := s.Ping(begun); err != nil {
			t.Errorf("ping: %v", err)
		}
		if n := connections(t, server, account); n != 2 {
			t.Errorf("%d connections, want the 2 that there were", n)
		}
	})
}

// waitedFor calls once as soon as somebody looks when the context ends.
type waitedFor struct {
	context.Context

	once func()
}

func (w waitedFor) Done() <-chan struct{} {
	w.once()
	return w.Context.Done()
}

func TestBackgroundLeavesASessionToScrapes(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "lane", grants...)
		s := open(t, server, account)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { _ = s.Background().Query(ctx, discard, "SELECT SLEEP(60)") })
		}
		if err := s.Query(deadline(t, 5*time.Second), discard, "SELECT 1"); err != nil {
			t.Errorf("query beside background work: %v", err)
		}
		stop()
		wg.Wait()
	})
}

func TestServerRestartIsBridged(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "restart", grants...)
		s := open(t, server, account)
		before, err := s.Facts(deadline(t, 10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Query(deadline(t, 10*time.Second), discard, "SELECT 1"); err != nil {
			t.Errorf("first query after the restart: %v", err)
		}
		after, err := s.Facts(deadline(t, 10*time.Second))
		if err != nil || after.Since == before.Since {
			t.Errorf("facts after the restart are those of before: %v", err)
		}
	})
}

func TestConnectErrorsSayWhy(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "refused", grants...)
		check := func(name string, s *mysqld.Server, within time.Duration, want collector.ConnectReason, reachable bool) {
			t.Helper()
			_, err := s.Facts(deadline(t, within))
			var refused *collector.ConnectError
			if !errors.As(err, &refused) || refused.Reason != want || refused.Reachable != reachable {
				t.Errorf("%s: %#v (%v), want %s, reachable %v", name, err, err, want, reachable)
			}
			if err != nil && strings.Contains(err.Error(), account.Password) {
				t.Errorf("%s: the error tells the password: %v", name, err)
			}
		}
		check("wrong password", open(t, server, account, func(o *mysqld.Options) { o.Password = password("wrong") }),
			10*time.Second, collector.AccessDenied, true)
		check("unreadable password", open(t, server, account, func(o *mysqld.Options) {
			o.Password = func() (string, error) { return "", os.ErrNotExist }
		}), 10*time.Second, collector.Misconfigured, false)
		check("not allowed", open(t, server, account, func(o *mysqld.Options) {
			o.Allow = func(net.Addr) error { return errors.New("outside probe_allow") }
		}), 10*time.Second, collector.NotAllowed, false)

		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		silent := open(t, server, account, func(o *mysqld.Options) { o.Address = free.Addr().String() })
		check("silent", silent, 200*time.Millisecond, collector.Timeout, false)
		_ = free.Close()
		check("refused", open(t, server, account, func(o *mysqld.Options) { o.Address = free.Addr().String() }),
			10*time.Second, collector.Unreachable, false)

		server.Exec(t, "SET GLOBAL max_connections = 10")
		full := make([]*mysqld.Server, 0, 12)
		for i := range 12 {
			other := server.Grant(t, fmt.Sprintf("filler%d", i), "GRANT USAGE ON *.* TO {user}")
			full = append(full, open(t, server, other))
			_, _ = full[i].Facts(deadline(t, 10*time.Second))
		}
		check("too many connections", open(t, server, account), 10*time.Second, collector.TooManyConnections, true)
	})
}

// TestOddPassword has every character that once broke a connection string.
func TestOddPassword(t *testing.T) {
	const odd = "?&#;%@:/'\"\\`=+ ${HOME}密"
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "odd")
		server.Exec(t, "ALTER USER "+account.User()+" IDENTIFIED BY '"+strings.NewReplacer(`\`, `\\`, "'", "''").Replace(odd)+"'")
		s := open(t, server, account, func(o *mysqld.Options) { o.Password = password(odd) })
		if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
			t.Error(err)
		}
	})
}

func TestRotatedPasswordIsFound(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "rotate", grants...)
		file := filepath.Join(t.TempDir(), "password")
		write := func(p string) {
			if err := os.WriteFile(file, []byte(p), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(account.Password)
		s := open(t, server, account, func(o *mysqld.Options) {
			o.Password = func() (string, error) { p, err := os.ReadFile(file); return string(p), err }
		})
		if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		server.Exec(t, "ALTER USER "+account.User()+" IDENTIFIED BY 'another-secret'")
		write("another-secret")
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
	})
}

func TestFrozenServerFailsByTheDeadlineAndComesBack(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "frozen", grants...)
		s := open(t, server, account)
		if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := server.Freeze(); err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(deadline(t, 200*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ping of a frozen server: %v, want the deadline", err)
		}
		if err := server.Thaw(); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, 10*time.Second, "the server answers again", func() error {
			return s.Ping(deadline(t, time.Second))
		})
	})
}

func TestGarbageIsNoServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n" + strings.Repeat("x", 100)))
			_ = c.Close()
		}
	})
	s, err := mysqld.New(mysqld.Options{Address: listener.Addr().String(), User: "u", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Facts(deadline(t, 5*time.Second))
	var refused *collector.ConnectError
	if !errors.As(err, &refused) || refused.Reason != collector.ServerError || !refused.Reachable {
		t.Errorf("garbage: %v", err)
	}
	_ = s.Close()
	_ = listener.Close()
	wg.Wait()
}
