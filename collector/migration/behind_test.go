// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/consistency"
	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/collector/schemachange"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// goosed makes a history of goose with n revisions.
func goosed(t testing.TB, server *testenv.Server, n int) (schema string) {
	t.Helper()
	schema = server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".goose_db_version (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, version_id bigint NOT NULL,"+
		" is_applied boolean NOT NULL, tstamp timestamp NULL DEFAULT CURRENT_TIMESTAMP)")
	for done := 0; done < n; done += 1000 {
		server.Exec(t, fmt.Sprintf("INSERT INTO %s.goose_db_version (version_id, is_applied) WITH RECURSIVE n AS "+
			"(SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i + %d, 1 FROM n", schema, min(n-done, 1000), done))
	}
	return schema
}

// TestScrapeCostsTheSameWithManyHistories: one statement, and no more entries of an index than are allowed, however many
// histories there are and however long they are; and yet all are shown, and what changes in them.
func TestScrapeCostsTheSameWithManyHistories(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		var grants []string
		var schemas []string
		for i := range 70 {
			n := 20
			if i < 3 {
				n = 10_000 // one alone is more than a scrape looks at
			}
			schemas = append(schemas, goosed(t, server, n))
			grants = append(grants, "GRANT SELECT ON "+schemas[i]+".* TO {user}")
		}
		m := watch(t, server, migration.Options{Discover: true}, append(grants, documented(server, schemas[0])...)...)
		m.start()
		shown := func(s series, want string) error {
			for _, schema := range schemas {
				if s.of(schema)["revisions applied"] == 0 {
					return fmt.Errorf("%s is not shown", schema)
				}
			}
			if _, ok := s.of(schemas[0])[want]; !ok {
				return fmt.Errorf("%s has no %q", schemas[0], want)
			}
			return nil
		}
		testenv.Eventually(t, time.Minute, "all are shown", func() error {
			s, _ := m.once(t)
			return shown(s, "info 10000")
		})
		before := handlerReads(t, server)
		m.foreground.Store(0)
		m.read.Store(0)
		const scrapes = 20
		for range scrapes {
			s, _ := m.once(t)
			if err := shown(s, "info 10000"); err != nil {
				t.Error(err)
			}
		}
		if n := m.foreground.Load(); n != scrapes {
			t.Errorf("%d statements in %d scrapes", n, scrapes)
		}
		if n := m.read.Load(); n > scrapes*50 {
			t.Errorf("%d rows came in %d scrapes", n, scrapes)
		}
		// The background may have looked once or twice meanwhile.
		reads := handlerReads(t, server) - before
		t.Logf("%d entries read in %d scrapes", reads, scrapes)
		if most := int64(scrapes*1500 + 3*35_000); reads > most {
			t.Errorf("the server read %d rows or entries of an index in %d scrapes, want at most %d", reads, scrapes, most)
		}
		server.Exec(t, "INSERT INTO "+schemas[0]+".goose_db_version (version_id, is_applied) VALUES (10001, 1)")
		testenv.Eventually(t, time.Minute, "what the background sees is shown", func() error {
			s, _ := m.once(t)
			return shown(s, "info 10001")
		})
		m.healthy(series{})
	})
}

// TestScrapeCostsTheSameWithManyTables: whatever is read of the tables, what was left of them, their checksums and
// fingerprints is read in the background. A scrape takes one statement for the histories and one for the threads.
func TestScrapeCostsTheSameWithManyTables(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := goosed(t, server, 10)
		defs := append(migration.Definitions(migration.Options{Discover: true}), schemachange.Definitions()...)
		defs = append(defs, consistency.Definitions(consistency.Options{Schemas: []string{schema}})...)
		m := watchWith(t, server, defs, documented(server, schema)...)
		m.start()
		for _, tables := range []int{5, 200} {
			for i := range tables {
				server.Exec(t, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s.t%d (id INT PRIMARY KEY)", schema, i))
			}
			testenv.Eventually(t, time.Minute, "everything is read", func() error {
				s := series{}
				s.add(m.scraper.Scrape(t.Context()))
				for name := range s {
					if strings.Contains(name, "fingerprint_info{") && s.of(schema)["revisions applied"] > 0 {
						return nil
					}
				}
				return errors.New("no fingerprint, or no history")
			})
			m.foreground.Store(0)
			m.read.Store(0)
			const scrapes = 10
			for range scrapes {
				m.scraper.Scrape(t.Context())
			}
			if n, rows := m.foreground.Load(), m.read.Load(); n != 2*scrapes || rows > 5*scrapes {
				t.Errorf("with %d tables: %d statements and %d rows in %d scrapes", tables, n, rows, scrapes)
			}
		}
	})
}

// handlerReads is how many rows and entries of indexes the server has read.
func handlerReads(t *testing.T, server *testenv.Server) int64 {
	t.Helper()
	table := "performance_schema.global_status"
	if server.Kind() == "mariadb" {
		table = "information_schema.GLOBAL_STATUS"
	}
	return testenv.Value[int64](t, server, "SELECT SUM(VARIABLE_VALUE) FROM "+table+
		" WHERE VARIABLE_NAME IN ('Handler_read_next', 'Handler_read_first', 'Handler_read_last', 'Handler_read_key', 'Handler_read_rnd_next')")
}
