// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// hold takes a user-level lock in a session of its own, which is connected to a schema, and returns what ends it.
func hold(t *testing.T, server *testenv.Server, schema, name string) (release func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	conn, err := server.Open().Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if schema != "" {
		_, err = conn.ExecContext(ctx, "USE "+schema)
	}
	var got sql.NullInt64
	if err == nil {
		err = conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, 0)", name).Scan(&got)
	}
	if err != nil || got.Int64 != 1 {
		t.Fatalf("lock %q: %v, %v", name, got, err)
	}
	return func() {
		if _, err := conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", name); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLockTellsRunningFromFailed takes each tool's lock by the name that the tool makes of its schema.
func TestLockTellsRunningFromFailed(t *testing.T) {
	t.Parallel()
	crc := func(s string) uint64 { return uint64(crc32.ChecksumIEEE([]byte(s))) }
	recorded := map[string]recorded{}
	for _, r := range recordedHistories() {
		recorded[r.tool] = r
	}
	for _, tool := range []struct {
		name, unfinished string // the statement that leaves a migration without an end
		lock             func(schema string) string
	}{
		{"rails", "", func(s string) string { return fmt.Sprint(2053462845 * crc(s)) }},
		{"atlas", "UPDATE {s}.atlas_schema_revisions SET total = 2, execution_time = 0 WHERE version = '20240102000000'",
			func(string) string { return "atlas_migrate_execute" }},
		{"prisma", "UPDATE {s}._prisma_migrations SET finished_at = NULL WHERE id = '2'", func(string) string { return "prisma_migrate" }},
		{"sqlx", "UPDATE {s}._sqlx_migrations SET success = 0", func(s string) string { return fmt.Sprintf("%x", 0x3d32ad9e*crc(s)) }},
		{"efcore", "", func(s string) string { return "__" + s + "_EFMigrationsLock" }},
		{"efcore", "", func(string) string { return "__EFMigrationsLock" }},
	} {
		t.Run(tool.name, func(t *testing.T) {
			testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
				schema, other := server.Schema(t), server.Schema(t)
				for _, statement := range append(recorded[tool.name].sql, tool.unfinished) {
					if statement != "" {
						server.Exec(t, strings.ReplaceAll(statement, "{s}", schema))
					}
				}
				m := watch(t, server, migration.Options{Discover: true}, documented(server, schema)...)
				check := func(when string, running, failed float64) {
					t.Helper()
					s := m.scrape()
					m.healthy(s)
					short := s.of(schema)
					if short["revisions running"] != running || short["lock_held"] != running || short["revisions failed"] != failed {
						t.Errorf("%s: %v", when, short)
					}
				}
				unfinished := 0.0
				if tool.unfinished != "" {
					unfinished = 1
				}
				check("nobody has the lock", 0, unfinished)
				release := hold(t, server, schema, tool.lock(schema))
				check("the tool has it", 1, 0)
				release()
				check("it has let go", 0, unfinished)
				if tool.lock("a") == tool.lock("b") {
					release = hold(t, server, other, tool.lock(schema))
					check("the tool has it for another schema", 0, unfinished)
					release()
				}
			})
		})
	}
}

func TestLockTableOfKnexIsItsLock(t *testing.T) {
	t.Parallel()
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t,
			"CREATE TABLE "+schema+".my_knex_migrations (id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(255), batch int,"+
				" migration_time timestamp NULL)",
			"CREATE TABLE "+schema+".my_knex_migrations_lock (`index` int unsigned AUTO_INCREMENT PRIMARY KEY, is_locked int)",
			"INSERT INTO "+schema+".my_knex_migrations_lock (is_locked) VALUES (0)")
		all := watch(t, server, migration.Options{Discover: true}, documented(server, schema)...)
		part := watch(t, server, migration.Options{Discover: true}, "GRANT SELECT ON "+schema+".my_knex_migrations TO {user}")
		rest := []string{"history_visible 1", "revisions applied 0", "recent_runs success 24h 0", "recent_runs success 7d 0"}
		for i, step := range []string{"0", "1", "0"} {
			server.Exec(t, "UPDATE "+schema+".my_knex_migrations_lock SET is_locked = "+step)
			want := append([]string{"lock_held " + step, "revisions running " + step}, rest...)
			if i == 1 {
				want = append(want, "lock_acquired_timestamp_seconds")
			}
			s := all.scrape()
			all.expect(s, schema, want...)
			all.healthy(s)
			s = part.scrape() // it may not read the lock, of which nothing is known then
			part.expect(s, schema, rest...)
			part.healthy(s)
		}
	})
}

// TestLockIsHeldSinceItsTableSays, unless the exporter itself saw it free later.
func TestLockIsHeldSinceItsTableSays(t *testing.T) {
	t.Parallel()
	var liquibase recorded
	for _, r := range recordedHistories() {
		if r.tool == "liquibase" {
			liquibase = r
		}
	}
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for _, statement := range liquibase.sql {
			server.Exec(t, strings.ReplaceAll(statement, "{s}", schema))
		}
		watched := watch(t, server, migration.Options{Discover: true}, documented(server, schema)...)
		watched.scrape()
		server.Exec(t, "UPDATE "+schema+".DATABASECHANGELOGLOCK SET LOCKED = 1, LOCKGRANTED = NOW() - INTERVAL 1 HOUR")
		late := watch(t, server, migration.Options{Discover: true}, documented(server, schema)...)
		for m, want := range map[*monitor]time.Duration{watched: 0, late: time.Hour} {
			since := m.scrape().of(schema)["lock_acquired_timestamp_seconds"]
			ago := time.Since(time.UnixMilli(int64(since * 1000)))
			if d := ago - want; d < -5*time.Second || d > time.Minute {
				t.Errorf("held for %v, want %v", ago, want)
			}
		}
	}, elsewhere)
}

// TestReadOnlyServerHasNoLocks: migrations run on the server that it replicates from.
func TestReadOnlyServerHasNoLocks(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, fmt.Sprintf(golangMigrateTable, schema), "INSERT INTO "+schema+".schema_migrations VALUES (3, 1)",
			"SET GLOBAL read_only = 1")
		defer server.Exec(t, "SET GLOBAL read_only = 0")
		m := watch(t, server, migration.Options{Discover: true}, documented(server, schema)...)
		s := m.scrape()
		m.expect(s, schema, "history_visible 1", "info 3 1", "revisions dirty 1")
		m.healthy(s)
	})
}
