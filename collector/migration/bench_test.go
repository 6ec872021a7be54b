// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// BenchmarkScrape reads 200 quiet histories, one of which has 10 000 revisions.
func BenchmarkScrape(b *testing.B) {
	b.Run("mariadb", func(b *testing.B) { benchmarkScrape(b, testenv.SharedMariaDB(b)) })
	b.Run("mysql", func(b *testing.B) { benchmarkScrape(b, testenv.SharedMySQL(b)) })
}

func benchmarkScrape(b *testing.B, server *testenv.Server) {
	for i := range 200 {
		n := 50
		if i == 0 {
			n = 10_000
		}
		schema := server.Schema(b)
		server.Exec(b, "CREATE TABLE "+schema+".goose_db_version (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, version_id bigint NOT NULL,"+
			" is_applied boolean NOT NULL, tstamp timestamp NULL DEFAULT CURRENT_TIMESTAMP)")
		for done := 0; done < n; done += 500 {
			server.Exec(b, fmt.Sprintf("INSERT INTO %s.goose_db_version (version_id, is_applied) WITH RECURSIVE n AS "+
				"(SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i + %d, 1 FROM n", schema, min(n, 500), done))
		}
	}
	account := server.Grant(b, "bench", "GRANT SELECT, PROCESS ON *.* TO {user}")
	connection, err := mysqld.New(mysqld.Options{
		Name: "bench", Address: server.Addr(), User: account.Name, Program: "dbsync-bench",
		Password: func() (string, error) { return account.Password, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer connection.Close()
	scraper, err := collector.NewScraper(&collector.Target{Server: connection, Now: time.Now},
		migration.Definitions(migration.Options{Discover: true}))
	if err != nil {
		b.Fatal(err)
	}
	scraper.Scrape(b.Context(), "migration.history")
	b.ReportAllocs()
	for b.Loop() {
		scraper.Scrape(b.Context(), "migration.history")
	}
}
