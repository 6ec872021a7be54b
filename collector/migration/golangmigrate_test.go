// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database/mysql"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// golangMigrate is the real tool, by its library.
type golangMigrate struct {
	schema, dir string
	noLock      bool
	server      *testenv.Server
}

func newGolangMigrate(t *testing.T, server *testenv.Server, files map[string]string) *golangMigrate {
	t.Helper()
	g := &golangMigrate{schema: server.Schema(t), dir: t.TempDir(), server: server}
	g.write(t, files)
	return g
}

func (g *golangMigrate) write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(g.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (g *golangMigrate) do(t *testing.T, do func(*migrate.Migrate) error) error {
	t.Helper()
	config := g.server.AdminConfig()
	config.DBName, config.MultiStatements = g.schema, true
	connector, err := driver.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	history, err := mysql.WithInstance(db, &mysql.Config{NoLock: g.noLock})
	if err != nil {
		return err
	}
	files, err := iofs.New(os.DirFS(g.dir), ".")
	if err != nil {
		return err
	}
	tool, err := migrate.NewWithInstance("files", files, "mysql", history)
	if err != nil {
		return err
	}
	defer func() { _, _ = tool.Close() }()
	return do(tool)
}

func up(m *migrate.Migrate) error { return m.Up() }

// sleeping is a migration that runs until the test ends it; release does.
const sleeping = "SELECT SLEEP(600)"

// endSleep kills the statement that sleeps in the schema, or its connection.
func endSleep(t *testing.T, server *testenv.Server, schema, kill string) {
	t.Helper()
	const find = "SELECT COALESCE(MAX(ID), 0) FROM information_schema.PROCESSLIST WHERE DB = ? AND INFO LIKE 'SELECT SLEEP%'"
	testenv.Eventually(t, 20*time.Second, "the migration sleeps", func() error {
		id := testenv.Value[int](t, server, find, schema)
		if id == 0 {
			return errors.New("no such statement")
		}
		server.Exec(t, fmt.Sprint(kill, " ", id))
		return nil
	})
}

func TestGolangMigrateFromNothingToFailureAndBack(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		g := newGolangMigrate(t, server, map[string]string{
			"20240101000000_orders.up.sql":   "CREATE TABLE orders (id INT PRIMARY KEY)",
			"20240101000000_orders.down.sql": "DROP TABLE orders",
			"20240102000000_lines.up.sql":    "CREATE TABLE order_lines (id INT PRIMARY KEY)",
			"notes.txt":                      "not a migration",
		})
		m := watch(t, server, migration.Options{Discover: true, Histories: []migration.History{{
			Schema: g.schema, Tool: "golang-migrate", Directory: g.dir, MaxDuration: 30 * time.Minute,
		}}}, documented(server, g.schema)...)

		if err := g.do(t, up); err != nil {
			t.Fatal(err)
		}
		s := m.scrape()
		m.expect(s, g.schema, "info 20240102000000 1", "history_visible 1", "max_duration_seconds 1800", "lock_held 0",
			"files 2", "revisions running 0", "revisions failed 0", "revisions pending 0", "revisions missing 0")

		g.write(t, map[string]string{"20240103000000_broken.up.sql": "ALTER TABLE orders ADD COLUMN (id INT)"})
		s = m.scrape()
		if s.of(g.schema)["revisions pending"] != 1 || s.of(g.schema)["oldest_pending_timestamp_seconds"] != 1704240000 {
			t.Errorf("with a new file: %v", s.of(g.schema))
		}
		if err := g.do(t, up); err == nil {
			t.Fatal("the broken migration succeeded")
		}
		m.expect(m.scrape(), g.schema, "info 20240103000000 1", "history_visible 1", "max_duration_seconds 1800", "lock_held 0",
			"files 3", "revisions running 0", "revisions failed 1", "revisions pending 0", "revisions missing 0")

		g.write(t, map[string]string{"20240103000000_broken.up.sql": "ALTER TABLE orders ADD COLUMN note INT"})
		err := g.do(t, func(m *migrate.Migrate) error {
			if err := m.Force(20240102000000); err != nil {
				return err
			}
			return m.Up()
		})
		if err != nil {
			t.Fatal(err)
		}
		s = m.scrape()
		m.expect(s, g.schema, "info 20240103000000 1", "history_visible 1", "max_duration_seconds 1800", "lock_held 0",
			"files 3", "revisions running 0", "revisions failed 0", "revisions pending 0", "revisions missing 0")
		m.healthy(s)

		if err := os.Remove(filepath.Join(g.dir, "20240103000000_broken.up.sql")); err != nil {
			t.Fatal(err)
		}
		if got := m.scrape().of(g.schema)["revisions missing"]; got != 1 {
			t.Errorf("missing = %v after the file of the current version went away", got)
		}
	})
}

func TestGolangMigrateRunsWhileItsLockIsHeld(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		g := newGolangMigrate(t, server, map[string]string{"1_slow.up.sql": sleeping})
		m := watch(t, server, migration.Options{Discover: true}, documented(server, g.schema)...)
		ended := make(chan error, 1)
		began := time.Now()
		go func() { ended <- g.do(t, up) }()

		var s series
		testenv.Eventually(t, 10*time.Second, "the migration runs", func() error {
			if s = m.scrape(); s.of(g.schema)["revisions running"] != 1 || s.of(g.schema)["info 1"] != 1 {
				return fmt.Errorf("%v", s.of(g.schema))
			}
			return nil
		})
		m.expect(s, g.schema, "info 1 1", "history_visible 1", "lock_held 1", "lock_acquired_timestamp_seconds",
			"revisions running 1", "revisions failed 0")
		since := s.of(g.schema)["lock_acquired_timestamp_seconds"]
		if since < float64(began.Unix()-2) || since > float64(time.Now().Unix()+1) {
			t.Errorf("lock acquired at %f, the migration began at %d", since, began.Unix())
		}
		if again := m.scrape().of(g.schema)["lock_acquired_timestamp_seconds"]; again != since {
			t.Errorf("the same holder has the lock since %f, now since %f", since, again)
		}
		m.healthy(s)
		endSleep(t, server, g.schema, "KILL QUERY")
		<-ended //nolint:errcheck // MySQL returns 1 from a killed SLEEP, MariaDB an error
	})
}

func TestGolangMigrateWithoutLockIsDirty(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		g := newGolangMigrate(t, server, map[string]string{"1_broken.up.sql": "ALTER TABLE nothing ADD COLUMN id INT"})
		g.noLock = true
		m := watch(t, server, migration.Options{
			Discover: true, Histories: []migration.History{{Schema: g.schema, Tool: "golang-migrate", NoLock: true}},
		}, documented(server, g.schema)...)
		if err := g.do(t, up); err == nil {
			t.Fatal("the broken migration succeeded")
		}
		s := m.scrape()
		m.expect(s, g.schema, "info 1 1", "history_visible 1", "revisions dirty 1")
		m.healthy(s)
	})
}

// TestGolangMigrateKilledHalfWayHasFailed ends the tool's connection, as the server does when its process is killed.
func TestGolangMigrateKilledHalfWayHasFailed(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		g := newGolangMigrate(t, server, map[string]string{"1_slow.up.sql": sleeping})
		m := watch(t, server, migration.Options{Discover: true}, documented(server, g.schema)...)
		ended := make(chan error, 1)
		go func() { ended <- g.do(t, up) }()
		eventually := func(state string) {
			t.Helper()
			testenv.Eventually(t, 20*time.Second, "the migration is "+state, func() error {
				if s := m.scrape(); s.of(g.schema)["revisions "+state] != 1 {
					return fmt.Errorf("%v", s.of(g.schema))
				}
				return nil
			})
		}
		eventually("running")
		endSleep(t, server, g.schema, "KILL")
		if err := <-ended; err == nil {
			t.Error("the migration succeeded without a connection")
		}
		eventually("failed")
		if got := m.scrape().of(g.schema)["revisions running"]; got != 0 {
			t.Errorf("running = %v", got)
		}
	})
}
