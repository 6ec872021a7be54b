// SPDX-License-Identifier: Apache-2.0

//go:build unix

package consistency_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/consistency"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// watch returns a scrape with an account that has been granted what is given. Its
// series are name{label="value",…}, less "dbsync_".
func watch(t *testing.T, server *testenv.Server, schemas []string, grants ...string) func() map[string]float64 {
	t.Helper()
	account := server.Grant(t, fmt.Sprintf("w%x", time.Now().UnixNano()), grants...)
	connection, err := mysqld.New(mysqld.Options{
		Name: "test", Address: server.Addr(), User: account.Name, Program: "dbsync-test",
		Password: func() (string, error) { return account.Password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	})
	var definitions []collector.Definition
	for _, d := range consistency.Definitions(consistency.Options{Schemas: schemas}) {
		d.Every = 0 // the test decides when
		definitions = append(definitions, d)
	}
	scraper, err := collector.NewScraper(&collector.Target{Server: connection}, definitions)
	if err != nil {
		t.Fatal(err)
	}
	return func() map[string]float64 {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		all := map[string]float64{}
		for _, f := range scraper.Scrape(ctx) {
			for _, metric := range f.Metric {
				var labels []string
				for _, l := range metric.Label {
					labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
				}
				name := strings.TrimPrefix(f.GetName(), "dbsync_") + "{" + strings.Join(labels, ",") + "}"
				all[name] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
				if strings.HasSuffix(f.GetName(), "_success") && all[name] != 1 {
					t.Error(name, all[name])
				}
			}
		}
		return all
	}
}

// prints are the fingerprints of a schema.
func prints(series map[string]float64, schema string) []string {
	var all []string
	for name, value := range series {
		if strings.HasPrefix(name, "schema_fingerprint_info{") && strings.Contains(name, fmt.Sprintf("schema=%q", schema)) && value == 1 {
			all = append(all, name)
		}
	}
	return all
}

func TestFingerprints(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY)")
		scrape := watch(t, server, []string{schema, "nowhere"}, "GRANT SELECT ON "+schema+".* TO {user}")
		first := prints(scrape(), schema)
		if again := prints(scrape(), schema); len(first) != 1 || len(again) != 1 || first[0] != again[0] {
			t.Fatalf("%v, then %v", first, again)
		}
		server.Exec(t, "ALTER TABLE "+schema+".t ADD COLUMN a INT")
		series := scrape()
		if changed := prints(series, schema); len(changed) != 1 || changed[0] == first[0] {
			t.Errorf("%v, and when a column came %v", first, changed)
		}
		if found := prints(series, "nowhere"); len(found) > 0 {
			t.Errorf("a schema that is not there: %v", found)
		}
	})
}

func TestNothingToReadIsNoFailure(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	series := watch(t, server, nil)()
	for _, name := range []string{"fingerprints", "checksums", "sync"} {
		if series[fmt.Sprintf("collector_skipped{collector=%q,reason=%q}", "migration."+name, "unconfigured")] != 1 {
			t.Errorf("migration.%s is not skipped", name)
		}
	}
}

// The table of pt-table-checksum by its documentation (--create-replicate-table).
const checksumsTable = `CREATE TABLE {s}.checksums (
	db char(64) NOT NULL, tbl char(64) NOT NULL, chunk int NOT NULL, chunk_time float NULL, chunk_index varchar(200) NULL,
	lower_boundary text NULL, upper_boundary text NULL, this_crc char(40) NOT NULL, this_cnt int NOT NULL,
	master_crc char(40) NULL, master_cnt int NULL, ts timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	PRIMARY KEY (db, tbl, chunk), INDEX ts_db_tbl (ts, db, tbl)) ENGINE=InnoDB DEFAULT CHARSET=utf8`

func TestChecksums(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, strings.ReplaceAll(checksumsTable, "{s}", schema),
			"INSERT INTO "+schema+".checksums (db, tbl, chunk, this_crc, this_cnt, master_crc, master_cnt, ts) VALUES "+
				"('erp', 'orders', 1, 'a', 100, 'a', 100, '2026-01-02 03:04:05'), ('erp', 'orders', 2, 'b', 90, 'c', 100, '2026-01-02 03:04:05'), "+
				"('erp', 'orders', 3, 'd', 10, 'e', 10, '2026-01-02 03:04:06'), ('erp', 'customers', 1, 'a', 5, 'a', 5, '2026-01-02 03:04:05'), "+
				"('erp', 'running', 1, 'a', 5, NULL, NULL, '2026-01-02 03:04:05')")
		series := watch(t, server, nil, "GRANT SELECT ON "+schema+".* TO {user}")()
		for name, want := range map[string]float64{
			`consistency_different_chunks{schema="erp",table="orders"}`: 2, `consistency_different_rows{schema="erp",table="orders"}`: 10,
			`consistency_different_chunks{schema="erp",table="customers"}`: 0, `consistency_different_rows{schema="erp",table="customers"}`: 0,
		} {
			if got, known := series[name]; !known || got != want {
				t.Errorf("%s %v (%t), want %v", name, got, known, want)
			}
		}
		if last := series[`consistency_last_check_timestamp_seconds{schema="erp",table="orders"}`]; last < 1.7e9 {
			t.Errorf("last compared at %v", last)
		}
		for name := range series {
			if strings.Contains(name, `"running"`) {
				t.Errorf("nobody has compared yet: %s", name)
			}
		}
	})
}
