// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"fmt"
	"slices"
	"testing"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

const usedRatio = "dbsync_mysql_auto_increment_used_ratio"

// seesAll is the privilege that the documentation offers, which is not checked.
const seesAll = "GRANT REFERENCES ON *.* TO {user}"

func TestAutoIncrement(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for table, s := range map[string]struct{ definition, row string }{
			"nearly_full": {"id TINYINT AUTO_INCREMENT PRIMARY KEY", "(120)"},
			"full":        {"id TINYINT AUTO_INCREMENT PRIMARY KEY", "(127)"},
			"unsigned":    {"id SMALLINT(5) UNSIGNED ZEROFILL AUTO_INCREMENT PRIMARY KEY", "(65533)"},
			"big":         {"id BIGINT AUTO_INCREMENT PRIMARY KEY", "(1)"},
			"big_full":    {"id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY", "(18446744073709551614)"},
			"Ümläut-.1":   {"`id.ä` MEDIUMINT AUTO_INCREMENT PRIMARY KEY", "(4000000)"},
		} {
			name := schema + ".`" + table + "`"
			server.Exec(t, "CREATE TABLE "+name+" ("+s.definition+")", "INSERT INTO "+name+" VALUES "+s.row)
		}
		server.Exec(t, "CREATE TABLE "+schema+".plain (id INT PRIMARY KEY)", "CREATE VIEW "+schema+".v AS SELECT * FROM "+schema+".full")
		connection := login(t, server, server.Grant(t, "definer", seesAll))
		got := scrapeOver(t, connection, autoIncrements())
		lint(t, got)
		for table, want := range map[string]float64{
			"nearly_full": 121.0 / 127, "full": 1, "unsigned": 65534.0 / 65535, "big_full": 1, "Ümläut-.1": 4000001.0 / 8388607,
		} {
			got.want(t, want, usedRatio, "schema", schema, "table", table)
		}
		got.want(t, 4000001.0/8388607, usedRatio, "table", "Ümläut-.1", "column", "id.ä")
		if used, ok := got.value(usedRatio, "schema", schema, "table", "big"); !ok || used > 1e-15 {
			t.Errorf("big: %v, known %t", used, ok)
		}
		got.wantNone(t, usedRatio, "schema", schema, "table", "plain")
		got.wantNone(t, usedRatio, "schema", schema, "table", "v")

		err := connection.Query(t.Context(), func(collector.Row) error { return nil }, "SELECT * FROM "+schema+".full")
		if err == nil {
			t.Error("the documented privilege gives access to rows")
		}
	})
}

func TestAutoIncrementOfVisibleTables(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		seen, hidden := server.Schema(t), server.Schema(t)
		for _, schema := range []string{seen, hidden} {
			server.Exec(t, "CREATE TABLE "+schema+".t (id TINYINT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO "+schema+".t VALUES (9)")
		}
		got := scrapeOver(t, login(t, server, server.Grant(t, "reader", "GRANT SELECT ON "+seen+".* TO {user}")), autoIncrements())
		got.want(t, 10.0/127, usedRatio, "schema", seen, "table", "t")
		got.wantNone(t, usedRatio, "schema", hidden)

		got = scrapeOver(t, login(t, server, server.Grant(t, "blind", "GRANT PROCESS ON *.* TO {user}")), autoIncrements())
		if reason := got.skipped("mysql.auto_increment"); reason != collector.Unprivileged {
			t.Errorf("skipped as %q, want %q", reason, collector.Unprivileged)
		}
	})
}

// More tables than a run may open: the following run opens the rest, and what was
// read before stays.
func TestAutoIncrementTakesTurns(t *testing.T) {
	const perRun = 25
	definition := autoIncrements()
	definition.New = func(t *collector.Target) collector.Collector {
		return &autoIncrement{server: t.Server, perRun: perRun}
	}
	server := testenv.SharedMariaDB(t)
	schema := server.Schema(t)
	for i := range perRun {
		server.Exec(t, fmt.Sprintf("CREATE TABLE %s.t%02d (id INT AUTO_INCREMENT PRIMARY KEY)", schema, i))
	}
	for table, row := range map[string]string{"a_first": "(10)", "z_last": "(20)"} {
		name := schema + "." + table
		server.Exec(t, "CREATE TABLE "+name+" (id TINYINT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO "+name+" VALUES "+row)
	}
	account := server.Grant(t, "turns", "GRANT SELECT ON "+schema+".* TO {user}")
	scrape := newScraper(t, login(t, server, account), definition)
	server.Exec(t, "FLUSH TABLES")
	opened := openedTables(t, server)
	got := scrape()
	got.mustSucceed(t)
	if n := openedTables(t, server) - opened; n < perRun || n > perRun+1 {
		t.Errorf("%d tables were opened, want %d", n, perRun)
	}
	got.want(t, 11.0/127, usedRatio, "table", "a_first")
	got.wantNone(t, usedRatio, "table", "z_last")
	if n := len(got[usedRatio].GetMetric()); n != fullestColumns {
		t.Errorf("%d series, want %d", n, fullestColumns)
	}

	server.Exec(t, "INSERT INTO "+schema+".a_first VALUES (50)")
	got = scrape()
	got.want(t, 21.0/127, usedRatio, "table", "z_last")
	got.want(t, 51.0/127, usedRatio, "table", "a_first") // the turn came round

	server.Exec(t, "DROP TABLE "+schema+".a_first")
	got = scrape()
	got.mustSucceed(t)
	got.wantNone(t, usedRatio, "table", "a_first")
	got.want(t, 21.0/127, usedRatio, "table", "z_last")
}

func TestAutoIncrementTurns(t *testing.T) {
	const perRun = 100
	limits := map[column]float64{}
	for i := range 2*perRun + 7 {
		limits[column{"erp", fmt.Sprintf("t%d", i), "id"}] = 127
	}
	a := autoIncrement{perRun: perRun}
	seen := map[column]bool{}
	for range 3 {
		turn := a.turn(limits)
		if len(turn) != perRun || len(slices.Compact(slices.SortedFunc(slices.Values(turn), column.compare))) != perRun {
			t.Fatalf("a turn has %d columns, want %d different ones", len(turn), perRun)
		}
		for _, c := range turn {
			seen[c] = true
		}
	}
	if len(seen) != len(limits) {
		t.Errorf("%d of %d columns had their turn", len(seen), len(limits))
	}
}

func TestTypeLimit(t *testing.T) {
	for columnType, want := range map[string]float64{
		"tinyint": 127, "tinyint(4) unsigned": 255, "smallint": 32767, "smallint unsigned": 65535, "mediumint(9)": 8388607,
		"mediumint unsigned": 16777215, "int": 2147483647, "int(10) unsigned zerofill": 4294967295, "BIGINT(20)": 1<<63 - 1,
		"bigint unsigned": 1<<64 - 1, "double": 0, "decimal(10,0)": 0, "": 0, "int unsigned": 4294967295,
	} {
		if got := typeLimit(columnType); got != want {
			t.Errorf("typeLimit(%q) = %v, want %v", columnType, got, want)
		}
	}
}
