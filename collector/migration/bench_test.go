// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/consistency"
	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/collector/schemachange"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// BenchmarkScrape reads what there is of migrations on a server with 200 schemas and 20 000 tables: histories, 20 of which
// have 10 000 revisions, schema changes, leftovers, checksums and fingerprints.
func BenchmarkScrape(b *testing.B) {
	b.Run("mariadb", func(b *testing.B) { benchmarkScrape(b, testenv.SharedMariaDB(b)) })
	b.Run("mysql", func(b *testing.B) { benchmarkScrape(b, testenv.SharedMySQL(b)) })
}

func benchmarkScrape(b *testing.B, server *testenv.Server) {
	for i := range 200 {
		n := 50
		if i%10 == 0 {
			n = 10_000
		}
		schema := goosed(b, server, n)
		for j := range 99 {
			server.Exec(b, fmt.Sprintf("CREATE TABLE %s.t%d (id INT PRIMARY KEY)", schema, j))
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
	all := append(migration.Definitions(migration.Options{Discover: true}), schemachange.Definitions()...)
	all = append(all, consistency.Definitions(consistency.Options{})...)
	scraper, err := collector.NewScraper(&collector.Target{Server: connection, Now: time.Now}, all)
	if err != nil {
		b.Fatal(err)
	}
	scraper.Start()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := scraper.Stop(ctx); err != nil {
			b.Error(err)
		}
	})
	for deadline := time.Now().Add(time.Minute); histories(scraper.Scrape(b.Context())) < 200; {
		if time.Now().After(deadline) {
			b.Fatal("not all histories are shown")
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		scraper.Scrape(b.Context())
	}
}

// histories counts those that are shown.
func histories(families []*dto.MetricFamily) int {
	for _, f := range families {
		if f.GetName() == "dbsync_migration_history_visible" {
			return len(f.Metric)
		}
	}
	return 0
}
