// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"fmt"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// lockTable makes a table with two rows.
func lockTable(t testing.TB, server *testenv.Server) (schema string) {
	t.Helper()
	schema = server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v INT) ENGINE = InnoDB", "INSERT INTO "+schema+".t VALUES (1, 0), (2, 0)")
	return schema
}

// lockScrape scrapes locks at the pace at which InnoDB tells news: whoever asks
// again within a tenth of a second gets the same answer, however often.
func lockScrape(t testing.TB, server *testenv.Server) func() families {
	t.Helper()
	scrape := newScraper(t, record(t, server, locks()), locks())
	pace := time.NewTicker(200 * time.Millisecond)
	t.Cleanup(pace.Stop)
	return func() families {
		<-pace.C
		return scrape()
	}
}

// idle checks what a server says that has no transaction.
func idle(t testing.TB, scrape func() families) {
	t.Helper()
	got := until(t, scrape, "nothing is locked", has(0, "dbsync_mysql_transactions", "state", "running"))
	for _, state := range []string{"lock_wait", "rolling_back", "committing"} {
		got.want(t, 0, "dbsync_mysql_transactions", "state", state)
	}
	got.want(t, 0, "dbsync_mysql_row_lock_waiters")
	got.want(t, 0, "dbsync_mysql_metadata_lock_waiters")
	for _, unknown := range []string{
		"dbsync_mysql_oldest_transaction_start_timestamp_seconds",
		"dbsync_mysql_row_lock_oldest_wait_seconds", "dbsync_mysql_metadata_lock_oldest_wait_seconds",
		"dbsync_mysql_metadata_lock_waiting_statements", "dbsync_mysql_metadata_lock_blocking_sessions",
	} {
		got.wantNone(t, unknown)
	}
	lint(t, got)
}

// TestRowLockWaits runs with performance_schema off on MariaDB, and on on MySQL.
func TestRowLockWaits(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := lockTable(t, server)
		scrape := lockScrape(t, server)
		idle(t, scrape)

		began := time.Now()
		holder, first, second := newSession(t, server, schema), newSession(t, server, schema), newSession(t, server, schema)
		holder.exec("BEGIN", "UPDATE t SET v = 1 WHERE id = 1")
		for _, waiter := range []*session{first, second} {
			waiter.exec("BEGIN")
			waiter.begin("UPDATE t SET v = 2 WHERE id = 1")
		}
		got := until(t, scrape, "two wait for the row", has(2, "dbsync_mysql_row_lock_waiters"))
		lint(t, got)
		got.want(t, 2, "dbsync_mysql_transactions", "state", "lock_wait")
		got.want(t, 1, "dbsync_mysql_transactions", "state", "running")
		got.want(t, 0, "dbsync_mysql_metadata_lock_waiters")
		startedSince(t, got, began)

		got = until(t, scrape, "the wait grows", atLeast(1, "dbsync_mysql_row_lock_oldest_wait_seconds"))
		if wait, _ := got.value("dbsync_mysql_row_lock_oldest_wait_seconds"); wait > time.Since(began).Seconds()+1 {
			t.Errorf("a wait of %v s", wait)
		}
		holder.exec("COMMIT")
		until(t, scrape, "one of them has the row", has(1, "dbsync_mysql_row_lock_waiters"))
		ended := make(chan *session, 2)
		for _, s := range []*session{first, second} {
			go func() {
				s.done()
				ended <- s
			}()
		}
		for range 2 {
			(<-ended).exec("COMMIT")
		}
		idle(t, scrape)
	})
}

// startedSince checks that the oldest transaction began after a moment of this
// test. The server knows whole seconds.
func startedSince(t testing.TB, f families, moment time.Time) {
	t.Helper()
	start, ok := f.value("dbsync_mysql_oldest_transaction_start_timestamp_seconds")
	if now := float64(time.Now().Unix()); !ok || start < float64(moment.Unix())-1 || start > now+1 {
		t.Errorf("the oldest transaction began at %v (%t), the test at %v", start, ok, moment.Unix())
	}
}

func atLeast(want float64, name string) func(families) error {
	return func(f families) error {
		if got, ok := f.value(name); !ok || got < want {
			return fmt.Errorf("%s = %v (%t), want at least %v", name, got, ok, want)
		}
		return nil
	}
}

// pileUp opens a transaction that has read the table, lets a DDL wait for it, and
// the given number of readers wait for that.
func pileUp(t testing.TB, server *testenv.Server, readers int) (end func()) {
	t.Helper()
	schema := lockTable(t, server)
	blocker, ddl := newSession(t, server, schema), newSession(t, server, schema)
	blocker.exec("BEGIN", "SELECT * FROM t")
	ddl.begin("ALTER TABLE t ADD COLUMN w INT")
	scrape := lockScrape(t, server)
	until(t, scrape, "the DDL waits", has(1, "dbsync_mysql_metadata_lock_waiters"))
	all := []*session{blocker, ddl}
	for range readers {
		reader := newSession(t, server, schema)
		reader.begin("SELECT * FROM t")
		all = append(all, reader)
	}
	return func() {
		blocker.exec("ROLLBACK")
		for _, s := range all {
			s.done()
		}
	}
}

func TestMetadataLockPileUp(t *testing.T) {
	testMetadata := func(t *testing.T, server *testenv.Server) {
		scrape := lockScrape(t, server)
		idle(t, scrape)
		began := time.Now()
		end := pileUp(t, server, 4)
		got := until(t, scrape, "five wait", has(5, "dbsync_mysql_metadata_lock_waiters"))
		lint(t, got)
		got.want(t, 0, "dbsync_mysql_row_lock_waiters")
		got.want(t, 1, "dbsync_mysql_metadata_lock_waiting_statements", "lock", "table", "statement", "ddl")
		got.want(t, 4, "dbsync_mysql_metadata_lock_waiting_statements", "lock", "table", "statement", "read")
		if server.Kind() == sandbox.MySQL {
			got.want(t, 1, "dbsync_mysql_metadata_lock_blocking_sessions", "lock", "table", "statement", "idle")
		}
		got = until(t, scrape, "the wait grows", atLeast(1, "dbsync_mysql_metadata_lock_oldest_wait_seconds"))
		if wait, _ := got.value("dbsync_mysql_metadata_lock_oldest_wait_seconds"); wait > time.Since(began).Seconds()+1 {
			t.Errorf("a wait of %v s", wait)
		}
		startedSince(t, got, began)
		end()
		idle(t, scrape)
	}
	t.Run("mariadb", func(t *testing.T) { testMetadata(t, testenv.SharedMariaDB(t)) })
	t.Run("mariadb with performance_schema", func(t *testing.T) { testMetadata(t, sharedMariaDB(t)) })
	t.Run("mysql", func(t *testing.T) { testMetadata(t, testenv.SharedMySQL(t)) })
}

// TestWritersBehindAReadLockWaitForMetadata is what a backup does that locks the
// whole server.
func TestWritersBehindAReadLockWaitForMetadata(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := lockTable(t, server)
		scrape := lockScrape(t, server)
		backup, writer := newSession(t, server, ""), newSession(t, server, schema)
		backup.exec("FLUSH TABLES WITH READ LOCK")
		writer.begin("INSERT INTO t VALUES (3, 0)")
		got := until(t, scrape, "the writer waits", has(1, "dbsync_mysql_metadata_lock_waiters"))
		lock := "global"
		if server.Kind() == sandbox.MariaDB {
			lock = "backup" // which FLUSH TABLES WITH READ LOCK takes there, too
		} else {
			got.want(t, 1, "dbsync_mysql_metadata_lock_blocking_sessions", "lock", lock, "statement", "idle")
		}
		got.want(t, 1, "dbsync_mysql_metadata_lock_waiting_statements", "lock", lock, "statement", "write")
		backup.exec("UNLOCK TABLES")
		writer.done()
		idle(t, scrape)
	})
}

// TestDDLBehindABackupLock: a migration waits for as long as a backup keeps the
// server from changing tables, and reads and writes go on.
func TestDDLBehindABackupLock(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := lockTable(t, server)
		scrape := lockScrape(t, server)
		backup, migration, writer := newSession(t, server, ""), newSession(t, server, schema), newSession(t, server, schema)
		if server.Kind() == sandbox.MariaDB {
			backup.exec("BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL")
		} else {
			backup.exec("LOCK INSTANCE FOR BACKUP")
		}
		migration.begin("/* release 7 */ ALTER TABLE t ADD COLUMN w INT")
		writer.exec("INSERT INTO t VALUES (3, 0)")
		got := until(t, scrape, "the migration waits", has(1, "dbsync_mysql_metadata_lock_waiting_statements", "lock", "backup", "statement", "ddl"))
		got.want(t, 1, "dbsync_mysql_metadata_lock_waiters")
		lint(t, got)
		if server.Kind() == sandbox.MySQL {
			got.want(t, 1, "dbsync_mysql_metadata_lock_blocking_sessions", "lock", "backup", "statement", "idle")
			backup.exec("UNLOCK INSTANCE")
		} else {
			backup.exec("BACKUP STAGE END")
		}
		migration.done()
		idle(t, scrape)
	})
}

// TestDDLBehindALongStatement: it is not always an idle transaction.
func TestDDLBehindALongStatement(t *testing.T) {
	server := testenv.SharedMySQL(t)
	schema := lockTable(t, server)
	scrape := lockScrape(t, server)
	report, migration := newSession(t, server, schema), newSession(t, server, schema)
	report.begin("SELECT SLEEP(600) FROM t LIMIT 1")
	until(t, scrape, "the report runs", has(1, "dbsync_mysql_transactions", "state", "running"))
	migration.begin("ALTER TABLE t ADD COLUMN w INT")
	until(t, scrape, "it is in the way", has(1, "dbsync_mysql_metadata_lock_blocking_sessions", "lock", "table", "statement", "read"))
	server.Exec(t, fmt.Sprint("KILL QUERY ", report.id))
	report.done()
	migration.done()
	idle(t, scrape)
}

// TestFlushBehindALongStatementWaits is what freezes a MySQL when a backup that
// flushes tables meets a long SELECT. (MariaDB does not wait.)
func TestFlushBehindALongStatementWaits(t *testing.T) {
	server := testenv.SharedMySQL(t)
	schema := lockTable(t, server)
	scrape := lockScrape(t, server)
	report, backup, reader := newSession(t, server, schema), newSession(t, server, schema), newSession(t, server, schema)
	report.begin("SELECT SLEEP(600) FROM t LIMIT 1")
	until(t, scrape, "the report runs", has(1, "dbsync_mysql_transactions", "state", "running"))
	backup.begin("FLUSH TABLES")
	until(t, scrape, "the backup waits", has(1, "dbsync_mysql_metadata_lock_waiters"))
	reader.begin("SELECT * FROM t")
	until(t, scrape, "the reader waits", has(2, "dbsync_mysql_metadata_lock_waiters"))
	server.Exec(t, fmt.Sprint("KILL QUERY ", report.id))
	for _, s := range []*session{report, backup, reader} {
		s.done()
	}
	idle(t, scrape)
}

func TestLocksOfProgramsAreNoMetadataLocks(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := lockScrape(t, server)
		holder, waiter := newSession(t, server, ""), newSession(t, server, "")
		holder.exec("DO GET_LOCK('migration', 0)")
		waiter.begin("DO GET_LOCK('migration', 60)")
		testenv.Eventually(t, 10*time.Second, "the other one waits", func() error {
			const waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"
			if testenv.Value[int](t, server, waiting) != 1 {
				return fmt.Errorf("it does not")
			}
			return nil
		})
		got := scrape()
		got.mustSucceed(t)
		got.want(t, 0, "dbsync_mysql_metadata_lock_waiters")
		holder.exec("DO RELEASE_LOCK('migration')")
		waiter.done()
	})
}

// TestTransactionTimesDoNotDependOnZones starts servers eight hours behind UTC,
// in which InnoDB writes its times, whatever the session's zone is.
func TestTransactionTimesDoNotDependOnZones(t *testing.T) {
	t.Setenv("TZ", "XYZ8")
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		if zone := testenv.Value[string](t, server, "SELECT @@system_time_zone"); zone != "XYZ" {
			t.Fatalf("the server is in %s", zone)
		}
		schema := lockTable(t, server)
		scrape, began := lockScrape(t, server), time.Now()
		holder, waiter := newSession(t, server, schema), newSession(t, server, schema)
		holder.exec("BEGIN", "UPDATE t SET v = 1 WHERE id = 1")
		waiter.begin("UPDATE t SET v = 2 WHERE id = 1")
		got := until(t, scrape, "it waits", has(1, "dbsync_mysql_row_lock_waiters"))
		startedSince(t, got, began)
		if wait, ok := got.value("dbsync_mysql_row_lock_oldest_wait_seconds"); !ok || wait > time.Since(began).Seconds()+1 {
			t.Errorf("a wait of %v s (%t)", wait, ok)
		}
		holder.exec("COMMIT")
		waiter.done()
	})
}

func TestMySQLWithoutPerformanceSchemaHasTransactionsOnly(t *testing.T) {
	server := mysqlWithoutPerformanceSchema(t)
	got := lockScrape(t, server)()
	got.mustSucceed(t)
	got.want(t, 0, "dbsync_mysql_row_lock_waiters")
	got.wantNone(t, "dbsync_mysql_metadata_lock_waiters")
	got.wantNone(t, "dbsync_source_success", "source", "metadata_locks")
}

func TestLocksNeedPrivileges(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		connection := &recorder{Server: login(t, server, server.Grant(t, "nobody")), t: t}
		for _, name := range []string{"mysql.locks", "mysql.error_log"} {
			want := collector.Unprivileged
			if name == "mysql.error_log" && flavour(server) == collector.MariaDB {
				want = collector.Unsupported
			}
			if reason := newScraper(t, connection, locks(), errorLog())().skipped(name); reason != want {
				t.Errorf("%s skipped for %q", name, reason)
			}
		}
		if asked := connection.take(); len(asked) > 0 {
			t.Errorf("asked %q", asked)
		}
	})
}

// TestWaitsAreShorterThanTheirStatements is an ALTER TABLE that has run for two
// hours when it wants its last lock.
func TestWaitsAreShorterThanTheirStatements(t *testing.T) {
	start := time.Unix(1700000000, 0)
	var w waits
	look := func(after time.Duration, want time.Duration, running map[uint64]time.Duration) {
		t.Helper()
		if got, found := w.look(start.Add(after), running); got != want || found != (len(running) > 0) {
			t.Errorf("after %v: %v (%t), want %v", after, got, found, want)
		}
	}
	type m = map[uint64]time.Duration
	look(0, 0, nil)
	look(15*time.Second, 15*time.Second, m{7: 2 * time.Hour}) // it did not wait at the last look
	look(30*time.Second, 30*time.Second, m{7: 2 * time.Hour, 8: 3 * time.Second})
	look(45*time.Second, 18*time.Second, m{8: 18 * time.Second})
	look(60*time.Second, 2*time.Second, m{8: 2 * time.Second}) // the next statement of the same session
	look(75*time.Second, 0, nil)
	look(90*time.Second, 15*time.Second, m{8: time.Minute})

	w = waits{} // a new exporter knows no better than the server
	look(0, 2*time.Hour, m{7: 2 * time.Hour})
}

func TestStatementKind(t *testing.T) {
	for statement, want := range map[string]string{
		"ALTER TABLE t ADD COLUMN w INT": "ddl", "/* a */ -- b\n create\ttable t (id INT)": "ddl", "update t set v = 1": "write",
		"(SELECT 1) UNION (SELECT 2)": "read", "with x as (select 1) select * from x": "read", "FLUSH TABLES WITH READ LOCK": "lock",
		"LOCK INSTANCE FOR BACKUP": "lock", "": "other", "/* never ends": "other", "SET @a = 1": "other",
	} {
		if got := statementKind(statement); got != want {
			t.Errorf("%q is %s, want %s", statement, got, want)
		}
	}
}
