// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestDiscoveryGoesByColumns(t *testing.T) {
	t.Parallel()
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for _, statement := range []string{
			"CREATE TABLE {s}.billing_schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
			"CREATE TABLE {s}.schema_migrations (version varchar(64) NOT NULL PRIMARY KEY)",
			"CREATE TABLE {s}.shop_migrations (id int PRIMARY KEY, name varchar(255), run_on datetime)",
			"CREATE TABLE {s}.migrations (id int PRIMARY KEY, what text, how text)",            // nobody's
			"CREATE TABLE {s}.people_migrations (id int PRIMARY KEY, version bigint, at date)", // nobody's
			"CREATE TABLE {s}.atlas_migrations (version varchar(64) NOT NULL PRIMARY KEY)",     // a version alone, under another name
			"CREATE VIEW {s}.view_schema_migrations AS SELECT 1 AS version, 0 AS dirty",
			"CREATE TABLE {s}.history (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
			"CREATE TABLE {s}.`odd ``name_schema_migrations` (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
		} {
			server.Exec(t, strings.ReplaceAll(statement, "{s}", schema))
		}
		opts := migration.Options{Discover: true, Histories: []migration.History{
			{Schema: schema, Tool: "golang-migrate", Table: "history"},
			{Schema: schema, Tool: "dbmate", Table: "schema_migrations"}, // this one is not what it seems
		}}
		m := watch(t, server, opts, documented(server, schema)...)
		s := m.scrape()
		for table, tool := range map[string]string{
			"billing_schema_migrations": "golang-migrate", "shop_migrations": "db-migrate", "history": "golang-migrate",
			"odd `name_schema_migrations": "golang-migrate",
		} {
			name := fmt.Sprintf("migration_history_visible{history=%q,schema=%q,tool=%q}", table, schema, tool)
			if s[name] != 1 {
				t.Errorf("not found: %s", name)
			}
			delete(s, name)
		}
		for name := range s {
			if strings.HasPrefix(name, "migration_history_visible{") && strings.Contains(name, schema) {
				t.Errorf("found: %s", name)
			}
		}
		if got, ok := s[fmt.Sprintf("source_success{collector=%q,source=%q}", "migration.history", schema+".schema_migrations")]; !ok || got != 0 {
			t.Error("a table that is not dbmate's passes for it")
		}
		if n := m.errors.Load(); n > 0 {
			t.Errorf("%d statements failed", n)
		}

		opts.Discover = false
		s = watch(t, server, opts, documented(server, schema)...).scrape()
		for name := range s {
			if strings.Contains(name, "billing_schema_migrations") {
				t.Errorf("discovered although that is off: %s", name)
			}
		}
	})
}

func TestNothingToReadIsNoFailure(t *testing.T) {
	t.Parallel()
	server := testenv.SharedMariaDB(t)
	m := watch(t, server, migration.Options{})
	s := m.scrape()
	m.healthy(s)
	for _, name := range []string{"discovery", "files"} {
		if s[fmt.Sprintf("collector_skipped{collector=%q,reason=%q}", "migration."+name, "unconfigured")] != 1 {
			t.Errorf("migration.%s is not skipped: %v", name, s)
		}
	}
	if n := m.statements.Load(); n > 0 {
		t.Errorf("%d statements", n)
	}
}

// TestHistoryIsReadInPieces: with 10 000 revisions a scrape reads the new ones, or none.
func TestHistoryIsReadInPieces(t *testing.T) {
	t.Parallel()
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		table := schema + ".goose_db_version"
		server.Exec(t, "CREATE TABLE "+table+" (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, version_id bigint NOT NULL,"+
			" is_applied boolean NOT NULL, tstamp timestamp NULL DEFAULT CURRENT_TIMESTAMP)",
			"INSERT INTO "+table+" (version_id, is_applied) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"+
				" SELECT i, 1 FROM n")
		for i := range 9 {
			server.Exec(t, fmt.Sprintf("INSERT INTO %s (version_id, is_applied) SELECT version_id + %d, 1 FROM %s WHERE version_id <= 1000",
				table, 1000*(i+1), table))
		}
		m := watch(t, server, migration.Options{Discover: true}, documented(server, schema)...)
		m.scrape()
		for _, step := range []struct {
			what, statement string
			rows            int64 // the probe's one, and those of the history
			applied         float64
		}{
			{"nothing is new", "DO 0", 1, 10000},
			{"three are new", "INSERT INTO " + table + " (version_id, is_applied) VALUES (10001, 1), (10002, 1), (10003, 1)", 4, 10003},
			{"the newest are taken back", "DELETE FROM " + table + " WHERE version_id > 5", 6, 5},
			{"one in the middle is taken back", "DELETE FROM " + table + " WHERE version_id = 3", 5, 4},
		} {
			server.Exec(t, step.statement)
			before := m.rows.Load()
			s, statements := m.once(t)
			if got := s.of(schema)["revisions applied"]; got != step.applied {
				t.Errorf("%s: %v applied", step.what, got)
			}
			if n := m.rows.Load() - before; n != step.rows || statements > 2 {
				t.Errorf("%s: %d rows in %d statements, want %d in 2", step.what, n, statements, step.rows)
			}
		}
	})
}

func TestFolderThatCannotBeReadIsUnknownAndFailsAlone(t *testing.T) {
	t.Parallel()
	server := testenv.SharedMariaDB(t)
	schema := server.Schema(t)
	server.Exec(t, fmt.Sprintf(golangMigrateTable, schema))
	m := watch(t, server, migration.Options{Histories: []migration.History{
		{Schema: schema, Tool: "golang-migrate", Directory: t.TempDir() + "/none"},
	}}, documented(server, schema)...)
	s := m.scrape()
	m.expect(s, schema, "history_visible 1", "lock_held 0", "revisions running 0", "revisions failed 0")
	source := schema + ".schema_migrations"
	if s[fmt.Sprintf("source_success{collector=%q,source=%q}", "migration.history", source)] != 1 {
		t.Error("the history failed with the folder")
	}
	if got, ok := s[fmt.Sprintf("source_success{collector=%q,source=%q}", "migration.files", source)]; !ok || got != 0 {
		t.Error("the folder did not fail")
	}
}

func TestListOfFilesStandsForThem(t *testing.T) {
	t.Parallel()
	server := testenv.SharedMariaDB(t)
	schema, list := server.Schema(t), t.TempDir()+"/release.txt"
	server.Exec(t, fmt.Sprintf(golangMigrateTable, schema), "INSERT INTO "+schema+".schema_migrations VALUES (2, 0)",
		"CREATE TABLE "+schema+".alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)")
	names := "# what release 7 has\n./db/1_orders.up.sql\ndb/1_orders.down.sql\r\n2_lines.up.sql\n\n20240103000000_new.up.sql\nenv.py"
	if err := os.WriteFile(list, []byte(names), 0o600); err != nil {
		t.Fatal(err)
	}
	m := watch(t, server, migration.Options{Histories: []migration.History{
		{Schema: schema, Tool: "golang-migrate", Directory: list}, {Schema: schema, Tool: "alembic", Directory: list},
	}}, documented(server, schema)...)
	s := m.scrape()
	m.expect(onlyTool(s, "golang-migrate"), schema, "history_visible 1", "info 2 1", "lock_held 0", "revisions running 0", "revisions failed 0",
		"revisions pending 1", "revisions missing 0", "files 3", "oldest_pending_timestamp_seconds")
	if got, ok := s[fmt.Sprintf("source_success{collector=%q,source=%q}", "migration.files", schema+".alembic_version")]; !ok || got != 0 {
		t.Error("a list passes for what is in Alembic's files")
	}
}
