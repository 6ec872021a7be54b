// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/testenv"
)

const golangMigrateTable = "CREATE TABLE IF NOT EXISTS %s.schema_migrations (version bigint not null primary key, dirty boolean not null)"

func TestHistoryThatMayNotBeReadIsSaidToBeInvisibleWithoutFailingStatements(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, fmt.Sprintf(golangMigrateTable, schema), "INSERT INTO "+schema+".schema_migrations VALUES (7, 0)")
		opts := migration.Options{Discover: true, Histories: []migration.History{
			{Schema: schema, Tool: "golang-migrate", MaxDuration: time.Minute},
			{Schema: schema, Tool: "flyway"}, // not there at all
		}}
		for _, grants := range [][]string{nil, {"GRANT INSERT ON `" + schema + "`.* TO {user}"}} {
			m := watch(t, server, opts, grants...)
			for range 3 {
				s := m.scrape()
				if got := s.of(schema); len(got) != 2 || got["max_duration_seconds"] != 60 || got["history_visible"] != 0 {
					t.Errorf("with %v: %v", grants, got)
				}
				m.healthy(s)
			}
		}

		m := watch(t, server, opts, "GRANT SELECT ON `"+schema+"`.schema_migrations TO {user}")
		s := m.scrape()
		m.healthy(s)
		for series, want := range map[string]float64{
			"golang-migrate": 1, "flyway": 0,
		} {
			table := map[string]string{"golang-migrate": "schema_migrations", "flyway": "flyway_schema_history"}[series]
			name := fmt.Sprintf("migration_history_visible{history=%q,schema=%q,tool=%q}", table, schema, series)
			if got, ok := s[name]; !ok || got != want {
				t.Errorf("%s = %v, %v; want %v", name, got, ok, want)
			}
		}
		m.expect(onlyTool(s, "golang-migrate"), schema, "history_visible 1", "info 7 1", "lock_held 0", "max_duration_seconds 60",
			"revisions failed 0", "revisions running 0")
	})
}

func TestGrantOnColumnsIsEnough(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, fmt.Sprintf(golangMigrateTable, schema), "INSERT INTO "+schema+".schema_migrations VALUES (7, 0)")
		m := watch(t, server, migration.Options{Discover: true}, "GRANT SELECT (version, dirty) ON "+schema+".schema_migrations TO {user}")
		s := m.scrape()
		m.expect(s, schema, "history_visible 1", "info 7 1", "lock_held 0", "revisions failed 0", "revisions running 0")
		m.healthy(s)
		m = watch(t, server, migration.Options{Discover: true}, "GRANT SELECT (version) ON "+schema+".schema_migrations TO {user}")
		s = m.scrape() // with a version alone it may be anybody's
		m.healthy(s)
		for name := range s {
			if strings.Contains(name, schema) && strings.Contains(name, "tool=") && !strings.Contains(name, "unknown") {
				t.Errorf("half a history is read: %s", name)
			}
		}
	})
}

func onlyTool(s series, tool string) series {
	only := series{}
	for name, value := range s {
		if strings.Contains(name, fmt.Sprintf("tool=%q", tool)) {
			only[name] = value
		}
	}
	return only
}

func TestHistoryThatIsDroppedCostsOneFailingStatementAtMost(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, fmt.Sprintf(golangMigrateTable, schema))
		m := watch(t, server, migration.Options{Histories: []migration.History{{Schema: schema, Tool: "golang-migrate"}}},
			documented(server, schema)...)
		m.expect(m.scrape(), schema, "history_visible 1", "lock_held 0", "revisions failed 0", "revisions running 0")
		server.Exec(t, "DROP TABLE "+schema+".schema_migrations")
		for range 3 {
			m.once(t)
		}
		s, _ := m.once(t)
		m.expect(s, schema, "history_visible 0")
		if n := m.errors.Load(); n != 1 {
			t.Errorf("%d statements failed, want the one that found out", n)
		}
	})
}

func TestTableOfAnotherToolIsARefusedConfiguration(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	schema := server.Schema(t)
	server.Exec(t, fmt.Sprintf(golangMigrateTable, schema))
	m := watch(t, server, migration.Options{Histories: []migration.History{
		{Schema: schema, Tool: "flyway", Table: "schema_migrations"},
	}}, documented(server, schema)...)
	s := m.scrape()
	if got, ok := s[fmt.Sprintf("source_success{collector=%q,source=%q}", "migration.history", schema+".schema_migrations")]; !ok || got != 0 {
		t.Errorf("the source is not failed: %v", s)
	}
	if n := m.errors.Load(); n != 0 {
		t.Errorf("%d statements failed", n)
	}
}

func TestQuietScrapeIsOneStatementForAllHistories(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		var grants []string
		var schemas []string
		for range 60 { // more than one batch
			schema := server.Schema(t)
			schemas = append(schemas, schema)
			grants = append(grants, documented(server, schema)...)
			server.Exec(t, fmt.Sprintf(golangMigrateTable, schema), "INSERT INTO "+schema+".schema_migrations VALUES (1, 0)")
		}
		m := watch(t, server, migration.Options{Discover: true}, grants...)
		m.healthy(m.scrape())
		s, n := m.once(t)
		if n != 2 {
			t.Errorf("%d statements for %d histories of which none changed, want 2", n, len(schemas))
		}
		for _, schema := range schemas {
			m.expect(s, schema, "history_visible 1", "info 1 1", "lock_held 0", "revisions failed 0", "revisions running 0")
		}
	})
}

// TestBrokenHistoryFailsAlone: a table that cannot be read costs the others nothing but one statement more.
func TestBrokenHistoryFailsAlone(t *testing.T) {
	server := testenv.MariaDB(t) // one of its own, to break
	good, bad := server.Schema(t), server.Schema(t)
	server.Exec(t, fmt.Sprintf(golangMigrateTable, good), "INSERT INTO "+good+".schema_migrations VALUES (1, 0)",
		fmt.Sprintf(golangMigrateTable, bad)+" ENGINE=MyISAM", "INSERT INTO "+bad+".schema_migrations VALUES (1, 0)")
	m := watch(t, server, migration.Options{Discover: true}, append(documented(server, good), documented(server, bad)...)...)
	m.healthy(m.scrape())
	server.Exec(t, "FLUSH TABLES")
	if err := os.Truncate(filepath.Join(server.DataDir(), bad, "schema_migrations.MYI"), 100); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, _ := m.once(t)
		m.expect(s, good, "history_visible 1", "info 1 1", "lock_held 0", "revisions failed 0", "revisions running 0")
		source := fmt.Sprintf("source_success{collector=%q,source=%q}", "migration.history", bad+".schema_migrations")
		if got, ok := s[source]; !ok || got != 0 {
			t.Errorf("%s = %v, %v", source, got, ok)
		}
		m.expect(s, bad)
	}
	if _, n := m.once(t); n != 2 {
		t.Errorf("%d statements, want one for the good ones and one for the broken", n)
	}
}
