// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// wantState fails unless a scrape is answered with this mysql_up, and says why it
// is 0. Without the server the host's figures are there all the same.
func (r *running) wantState(up float64, reasons ...string) error {
	f, _, err := r.scrape("/metrics", 10*time.Second)
	if err != nil {
		return err
	}
	got, known := f.value("mysql_up")
	if !known || got != up {
		return fmt.Errorf("mysql_up %v (there: %v), want %v", got, known, up)
	}
	if _, known := f.value("node_load1"); !known {
		return fmt.Errorf("the host's metrics are missing")
	}
	for _, m := range f["dbsync_connect_error"].GetMetric() {
		if m.GetGauge().GetValue() == 1 && !strings.Contains(strings.Join(reasons, " "), label(m, "reason")) {
			return fmt.Errorf("reason %s, want %v", label(m, "reason"), reasons)
		}
	}
	if _, known := f.value("mysql_global_status_threads_running"); known != (up == 1) {
		return fmt.Errorf("a status is there: %v", known)
	}
	return nil
}

func (r *running) become(what string, up float64, reasons ...string) {
	r.t.Helper()
	testenv.Eventually(r.t, 30*time.Second, what, func() error { return r.wantState(up, reasons...) })
}

// heap is the memory in use, in MiB.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc >> 20)
}

// leaks returns a function that fails the test unless goroutines, descriptors,
// memory and the account's connections are as few as they were when it was made.
func (r *running) leaks(server *testenv.Server, a account) func() {
	r.client.CloseIdleConnections()
	goroutines, descriptors, memory := runtime.NumGoroutine(), openFiles(r.t), heap()
	return func() {
		r.t.Helper()
		testenv.Eventually(r.t, 30*time.Second, "nothing has leaked", func() error {
			r.client.CloseIdleConnections()
			server.Open().SetMaxIdleConns(0)
			n := testenv.Value[int](r.t, server, openConnections, a.name)
			g, d := runtime.NumGoroutine(), openFiles(r.t)
			// The reserve, a successor of a session and a scrape that ends are in order.
			if n > 3 || g > goroutines+20 || d > descriptors+10 {
				return fmt.Errorf("connections %d; goroutines %d, then %d; descriptors %d, then %d", n, goroutines, g, descriptors, d)
			}
			if m := heap(); m > memory+32 {
				return fmt.Errorf("memory %d MiB, then %d", memory, m)
			}
			return nil
		})
	}
}

// TestFaultsOfTheNetwork: whatever becomes of the server's replies, scrapes are
// answered in time and say what is true, and all is well again afterwards.
func TestFaultsOfTheNetwork(t *testing.T) {
	type want struct {
		fault   fault
		up      float64
		reasons []string // of which one is given
	}
	faults := map[string]want{
		"cut":               {closing, 0, []string{"unreachable", "server_error", "tls"}},
		"half-open":         {halfOpen, 0, []string{"timeout"}},
		"slow":              {slow, 1, nil},
		"cut in the middle": {half, 0, []string{"unreachable", "server_error", "tls"}},
		"garbage":           {garbage, 0, []string{"server_error", "tls", "timeout"}},
		"absurd sizes":      {absurd, 0, []string{"server_error", "tls", "timeout"}},
	}
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		a := documented(t, server)
		p := newProxy(t, server.Addr())
		r := startAt(t, p.address(), fmt.Sprintf("password: %q", a.password), a, "")
		leaks := r.leaks(server, a)
		for name, w := range faults {
			t.Run(name, func(t *testing.T) {
				r := r.in(t)
				p.set(w.fault)
				r.become("it shows", w.up, w.reasons...)
				for range 2 {
					if err := r.wantState(w.up, w.reasons...); err != nil {
						t.Error(err)
					}
				}
				p.set(nil)
				p.cut() // whoever waits for a reply that was swallowed
				r.become("all is well again", 1)
			})
		}
		leaks()
	})
}

// in is the exporter as a subtest sees it.
func (r *running) in(t *testing.T) *running {
	return &running{t: t, url: r.url, log: r.log, client: r.client, reloads: r.reloads}
}

// TestFaultsOfTheServer: as for the network, for what happens to servers.
func TestFaultsOfTheServer(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ) // servers inherit that: a file that gets too long fails, as on a full disk, and kills nobody
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		a := documented(t, server)
		secret := filepath.Join(t.TempDir(), "password")
		writeFile(t, secret, a.password)
		r := startAt(t, server.Addr(), fmt.Sprintf("password_file: %q", secret), a, "")
		leaks := r.leaks(server, a)
		for _, c := range []struct {
			name string
			test func(*testing.T, *testenv.Server, account, *running, string)
		}{
			{"killed", killed},
			{"restarted under load", restartedUnderLoad},
			{"read-only", readOnly},
			{"out of connections", outOfConnections},
			{"password rotated", passwordRotated},
			{"stopped and continued", paused},
			{"no room on the disk", diskFull},
		} {
			t.Run(c.name, func(t *testing.T) { c.test(t, server, a, r.in(t), secret) })
		}
		leaks()
	}, testenv.WithFlags("--performance-schema=ON"))
}

func killed(t *testing.T, server *testenv.Server, _ account, r *running, _ string) {
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	r.become("it is down", 0, "unreachable")
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.become("it is up again", 1)
}

// paused: who waits for a server that does not run gets the rest in time.
func paused(t *testing.T, server *testenv.Server, _ account, r *running, _ string) {
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	f := r.mustScrape(impatient)
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	if up, known := f.value("mysql_up"); up != 0 || !known {
		t.Errorf("mysql_up %v, known %v", up, known)
	}
	r.become("it answers again", 1)
}

// restartedUnderLoad: each of the scrapes is answered, whatever it finds.
func restartedUnderLoad(t *testing.T, server *testenv.Server, _ account, r *running, _ string) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				f, _, err := r.scrape("/metrics", 20*time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				if _, known := f.value("mysql_up"); !known {
					t.Error("mysql_up is missing")
				}
			}
		})
	}
	err := server.Restart(t.Context())
	close(done)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	r.become("it is up again", 1)
}

func readOnly(t *testing.T, server *testenv.Server, _ account, r *running, _ string) {
	server.Exec(t, "SET GLOBAL read_only = ON")
	testenv.Eventually(t, time.Minute, "nothing fails, what failed during a restart neither", func() error {
		return wellOrError(r.mustScrape(10 * time.Second))
	})
	server.Exec(t, "SET GLOBAL read_only = OFF")
}

// outOfConnections: the sessions that the exporter has go on, so the server is up.
func outOfConnections(t *testing.T, server *testenv.Server, a account, r *running, _ string) {
	r.become("there is a session", 1)
	limit := testenv.Value[int](t, server, "SELECT @@max_connections")
	server.Exec(t, "SET GLOBAL max_connections = 20")
	filler := server.Grant(t, "filler", "GRANT USAGE ON *.* TO {user}")
	db := server.OpenAs(t, filler)
	var taken []*sql.Conn
	for {
		c, err := db.Conn(t.Context())
		if err != nil {
			break // there is no room left
		}
		if taken = append(taken, c); len(taken) > 30 {
			t.Fatal("the server takes more connections than it may")
		}
	}
	for range 3 {
		f := r.mustScrape(10 * time.Second)
		if up, _ := f.value("mysql_up"); up != 1 {
			t.Errorf("mysql_up %v", up)
		}
	}
	for _, c := range taken {
		_ = c.Close()
	}
	server.Exec(t, fmt.Sprintf("SET GLOBAL max_connections = %d", limit))
	r.become("all is well again", 1)
}

// passwordRotated: the old one is refused and the reason is told; the new one is
// found in its file without a reload.
func passwordRotated(t *testing.T, server *testenv.Server, a account, r *running, secret string) {
	server.Exec(t, "ALTER USER '"+a.name+"'@'%' IDENTIFIED BY 'the next one'")
	endSessions(t, server, a)
	r.become("the old one is refused", 0, "access_denied")
	writeFile(t, secret, "the next one")
	r.become("the new one is found", 1)
}

// endSessions ends the sessions of the account on the server.
func endSessions(t *testing.T, server *testenv.Server, a account) {
	t.Helper()
	rows, err := server.Open().QueryContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE user = ?", a.name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids { // one may have ended by itself
		_, _ = server.Open().ExecContext(t.Context(), fmt.Sprintf("KILL %d", id))
	}
}

// TestSlowClientsTakeNothingFromOthers: clients that never read, or never end
// their request, cost a connection each and nothing more.
func TestSlowClientsTakeNothingFromOthers(t *testing.T) {
	server := testenv.SharedMariaDB(t, testenv.WithFlags("--performance-schema=ON"))
	company(t, server)
	a := documented(t, server)
	r := start(t, server, a, "")
	leaks := r.leaks(server, a)
	const clients = 1000
	var open []net.Conn
	for i := range clients {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		request := "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" // and never reads
		if i%2 == 0 {
			request = "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Endless: " // and never goes on
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if err := wellOrError(r.mustScrape(20 * time.Second)); err != nil {
			t.Error(err)
		}
	}
	for _, c := range open {
		_ = c.Close()
	}
	leaks()
}
