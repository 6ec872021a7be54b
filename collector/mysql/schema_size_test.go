// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// thousand is a query of the numbers from 0 to 999.
const thousand = "SELECT a.d + 10 * b.d + 100 * c.d n FROM (" + digits + ") a, (" + digits + ") b, (" + digits + ") c"

const digits = "SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 " +
	"UNION SELECT 7 UNION SELECT 8 UNION SELECT 9"

// What we read in one small table is what information_schema finds by opening
// every table.
func TestSchemaSize(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		tables := []string{"invoices", "Rechnungen 2025-Ä.alt", "parted", "subparted", "small"}
		for i, definition := range []string{
			"(id INT PRIMARY KEY, note VARCHAR(200), n INT, KEY (note), KEY (n))",
			"(id INT PRIMARY KEY, note VARCHAR(200), n INT, KEY (n))",
			"(id INT PRIMARY KEY, note VARCHAR(200), n INT, KEY (n)) PARTITION BY HASH (id) PARTITIONS 3",
			"(id INT, note VARCHAR(200), n INT, PRIMARY KEY (id, n)) PARTITION BY RANGE (n) SUBPARTITION BY HASH (id) SUBPARTITIONS 2" +
				" (PARTITION p0 VALUES LESS THAN (500), PARTITION p1 VALUES LESS THAN MAXVALUE)",
		} {
			table := schema + ".`" + tables[i] + "`"
			server.Exec(t, "CREATE TABLE "+table+" "+definition,
				"INSERT INTO "+table+" SELECT n, REPEAT('x', 190), n FROM ("+thousand+") t", "ANALYZE TABLE "+table)
		}
		server.Exec(t, "CREATE TABLE "+schema+".small (id INT PRIMARY KEY)")

		got := scrape(t, server, schemaSizes())
		lint(t, got)
		var data, index float64
		for _, table := range tables {
			d, i := engineSize(t, server, schema, table)
			got.want(t, d, "dbsync_mysql_table_size_bytes", "schema", schema, "table", table, "component", "data")
			got.want(t, i, "dbsync_mysql_table_size_bytes", "schema", schema, "table", table, "component", "index")
			data, index = data+d, index+i
		}
		got.want(t, data, "dbsync_mysql_schema_size_bytes", "schema", schema, "component", "data")
		got.want(t, index, "dbsync_mysql_schema_size_bytes", "schema", schema, "component", "index")
		if data < 4*200_000 || index < 200_000 {
			t.Errorf("%v bytes of data and %v of indexes are too few to tell anything", data, index)
		}
	})
}

// engineSize asks the storage engine.
func engineSize(t *testing.T, server *testenv.Server, schema, table string) (data, index float64) {
	t.Helper()
	from := " FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?"
	return testenv.Value[float64](t, server, "SELECT DATA_LENGTH"+from, schema, table),
		testenv.Value[float64](t, server, "SELECT INDEX_LENGTH"+from, schema, table)
}

func TestSchemaSizeOpensNoTable(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for i := range 30 {
			server.Exec(t, fmt.Sprintf("CREATE TABLE %s.t%d (id INT PRIMARY KEY)", schema, i))
		}
		scrape := newScraper(t, connect(t, server, schemaSizes()), schemaSizes())
		scrape().mustSucceed(t)
		server.Exec(t, "FLUSH TABLES")
		opened := openedTables(t, server)
		got := scrape()
		// 1 of the statistics; MySQL opens a few of its dictionary.
		if n := openedTables(t, server) - opened; n > 10 {
			t.Errorf("%d tables were opened", n)
		}
		got.want(t, 30*16384, "dbsync_mysql_schema_size_bytes", "schema", schema, "component", "data")
	})
}

func openedTables(t *testing.T, server *testenv.Server) int {
	t.Helper()
	var name string
	var n int
	if err := server.Open().QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Opened_tables'").Scan(&name, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSchemaSizeWithoutPrivilege(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "unprivileged", "GRANT PROCESS ON *.* TO {user}")
		got := scrapeOver(t, login(t, server, account), schemaSizes())
		if reason := got.skipped("mysql.schema_size"); reason != collector.Unprivileged {
			t.Errorf("skipped as %q, want %q", reason, collector.Unprivileged)
		}
	})
}

var statsColumns = []string{"database_name", "table_name", "data", "index"}

func TestSchemaSizeShowsTheLargest(t *testing.T) {
	rows := [][]driver.Value{{"erp", "#sql-ib1234", int64(1e9), int64(0)}}
	for i := range int64(50) {
		rows = append(rows, []driver.Value{"erp", fmt.Sprintf("t%d", i), i, i})
	}
	server := newFake(t, collector.MariaDB, "10.11.6", answer{prefix: "SELECT database_name", columns: statsColumns, rows: rows})
	got := scrapeOver(t, server, schemaSizes())
	const name = "dbsync_mysql_table_size_bytes"
	if n := len(got[name].GetMetric()); n != 2*largestTables {
		t.Errorf("%d series of tables, want %d", n, 2*largestTables)
	}
	got.want(t, 49, name, "table", "t49", "component", "data")
	got.wantNone(t, name, "table", "t10")
	got.want(t, 0, "dbsync_series_dropped", "collector", "mysql.schema_size")
	// What an ALTER TABLE builds takes space and is no table.
	got.want(t, 1e9+49*50/2, "dbsync_mysql_schema_size_bytes", "component", "data")
	for _, m := range got[name].GetMetric() {
		if strings.Contains(labelText(m), "#sql") {
			t.Errorf("%s", labelText(m))
		}
	}
}

func TestSchemaSizeFailsWhole(t *testing.T) {
	server := newFake(t, collector.MariaDB, "10.11.6", answer{
		prefix: "SELECT database_name", columns: statsColumns,
		rows: [][]driver.Value{{"erp", "t", int64(1), int64(1)}}, err: errors.New("connection lost"),
	})
	got := newScraper(t, server, schemaSizes())()
	got.want(t, 0, "dbsync_collector_success", "collector", "mysql.schema_size")
	if names := got.names("dbsync_mysql_"); len(names) > 0 {
		t.Errorf("published %v", names)
	}
}
