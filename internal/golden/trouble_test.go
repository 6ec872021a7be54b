// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// impatient is as short as Prometheus' scrape timeout gets; the offset is taken
// from it.
const impatient = 2 * time.Second

// TestStuckServer: a server that does not answer costs its own metrics, not the
// answer, and when it wakes up nothing of ours is left running.
func TestStuckServer(t *testing.T) {
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		a := documented(t, server)
		r := start(t, server, a, "")
		if err := server.Freeze(); err != nil {
			t.Fatal(err)
		}
		awake := false
		wake := func() {
			if !awake {
				awake = true
				if err := server.Thaw(); err != nil {
					t.Error(err)
				}
			}
		}
		t.Cleanup(wake)
		for range 3 {
			f := r.mustScrape(impatient)
			if up, known := f.value("mysql_up"); up != 0 || !known {
				t.Errorf("mysql_up %v, known %v", up, known)
			}
			if _, known := f.value("node_load1"); !known {
				t.Error("the host's metrics are missing")
			}
			if got := outcome(f, "mysql.status"); got != "failed" {
				t.Errorf("mysql.status: %s", got)
			}
			if _, known := f.value("mysql_global_status_threads_running"); known {
				t.Error("a status that nobody read is there")
			}
		}
		wake()
		atRest(t, server, a)
		testenv.Eventually(t, 20*time.Second, "all is well again", func() error {
			f := r.mustScrape(10 * time.Second)
			return wellOrError(f)
		})
	})
}

// TestLockedHistory: whoever holds a lock on the history's table keeps it waiting
// for no longer than the deadline, and nothing else at all.
func TestLockedHistory(t *testing.T) {
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		a := documented(t, server)
		r := start(t, server, a, "collectors: {host: false}\n")
		release := hold(t, server, "LOCK TABLES "+erp.Schema+".schema_migrations WRITE")
		for range 2 {
			f := r.mustScrape(impatient)
			if up, _ := f.value("mysql_up"); up != 1 {
				t.Errorf("mysql_up %v", up)
			}
			if got := outcome(f, "migration.history"); got != "failed" {
				t.Errorf("migration.history: %s", got)
			}
			for _, name := range []string{"mysql.status", "mysql.locks", "mysql.processlist", "mysql.replication"} {
				if got := outcome(f, name); got != "ok" {
					t.Errorf("%s: %s", name, got)
				}
			}
			atRest(t, server, a)
		}
		release()
		if err := wellOrError(r.mustScrape(10 * time.Second)); err != nil {
			t.Error(err)
		}
	})
}

// TestLocksOfBackups: what backup programs hold for minutes disturbs no collector.
func TestLocksOfBackups(t *testing.T) {
	locks := map[string][]string{
		"mariadb": {"FLUSH TABLES WITH READ LOCK", "BACKUP STAGE START", "LOCK TABLES " + erp.Schema + ".orders WRITE"},
		"mysql":   {"FLUSH TABLES WITH READ LOCK", "LOCK INSTANCE FOR BACKUP", "LOCK TABLES " + erp.Schema + ".orders WRITE"},
	}
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		a := documented(t, server)
		r := start(t, server, a, "collectors: {host: false}\n")
		for _, lock := range locks[string(flavour(server))] {
			statements := []string{lock}
			if lock == "BACKUP STAGE START" {
				statements = append(statements, "BACKUP STAGE BLOCK_COMMIT")
			}
			release := hold(t, server, statements...)
			if err := wellOrError(r.mustScrape(10 * time.Second)); err != nil {
				t.Errorf("%s: %v", lock, err)
			}
			release()
		}
	})
}

// wellOrError returns an error that names a collector which failed.
func wellOrError(f families) error {
	var errs []error
	for _, name := range collectorNames(f) {
		if outcome(f, name) == "failed" {
			errs = append(errs, errors.New(name+" failed"))
		}
	}
	if up, _ := f.value("mysql_up"); up != 1 {
		errs = append(errs, errors.New("mysql_up is not 1"))
	}
	return errors.Join(errs...)
}

// hold runs statements in a session of root that keeps what they lock until it is
// released, or the test ends.
func hold(t *testing.T, server *testenv.Server, statements ...string) (release func()) {
	t.Helper()
	conn, err := server.Open().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	release = func() { discard(conn) }
	t.Cleanup(release)
	return release
}

// discard ends a session, with all that it holds, instead of giving it back to the
// pool. It may be called again.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
