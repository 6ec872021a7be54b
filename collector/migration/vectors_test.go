// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLockNamesAsTheToolsMakeThem(t *testing.T) {
	for _, c := range []struct {
		lock          lock
		schema, table string
		want          string
	}{
		{golangMigrate().lock, "app", "schema_migrations", "2938252834"},
		{flyway().lock, "app", "flyway_schema_history", "Flyway--320650056"}, // String.hashCode of Java itself
		{rails().lock, "app", "schema_migrations", "6939591962871035475"},
	} {
		if got := c.lock.names(c.schema, c.table); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s.%s: %q, want %q", c.schema, c.table, got, c.want)
		}
	}
}

// TestFlywayChecksum: the check value of CRC-32 is that of "123456789", and no end of a line counts.
func TestFlywayChecksum(t *testing.T) {
	const check = "-873187034" // 0xCBF43926 as Java's int
	for _, content := range []string{
		"123456789", "123456789\n", "1234\r\n56789\r\n", "\uFEFF123\r456\n789", "\n\n123456789",
	} {
		if got := flywayChecksum([]byte(content)); got != check {
			t.Errorf("%q: %s, want %s", content, got, check)
		}
	}
	if got := flywayChecksum(nil); got != "0" {
		t.Errorf("nothing: %s", got)
	}
	if got := flywayChecksum([]byte("caf\xe9")); got != "" {
		t.Errorf("not UTF-8, which Flyway decodes first: %s", got)
	}
}

func TestVersionsInOrder(t *testing.T) {
	ordered := []string{"", "0.1", "1", "1.0.1", "1.9", "1.10", "2", "20240101000000", "20240101000000_b"}
	for i, a := range ordered {
		for j, b := range ordered {
			got := compareVersions(a, b)
			if (i < j && got >= 0) || (i > j && got <= 0) || (i == j && got != 0) {
				t.Errorf("compare %q with %q: %d", a, b, got)
			}
		}
	}
	for _, same := range [][2]string{{"1", "1.0"}, {"1_2", "1.2"}, {"01", "1"}, {"1.0.0", "1"}} {
		if compareVersions(same[0], same[1]) != 0 || normalVersion(same[0]) != normalVersion(same[1]) {
			t.Errorf("%q and %q are not the same", same[0], same[1])
		}
	}
}

func TestAuthoredTimes(t *testing.T) {
	day := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for version, want := range map[string]time.Time{
		"20240102030405": day, "20240102030405_orders.js": day, "Migration20240102030405": day, "1704164645": day,
		"Orders1704164645000": day, "2024_01_02_030405_orders": day, "m20240102_000001_x": day.Truncate(24 * time.Hour),
		"": {}, "1": {}, "0001": {}, "20249999000000": {}, "99999999999999": {}, "2024_x": {}, "9999999999": {},
	} {
		if got := authored(version); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", version, got, want)
		}
	}
}

func TestEveryToolIsWhole(t *testing.T) {
	// The names are the contract: docs and dashboards use them.
	want := strings.Fields("alembic atlas dbmate db-migrate diesel django doctrine drizzle ecto efcore flyway golang-migrate goose " +
		"knex laravel liquibase mikro-orm phinx prisma rails rambler seaorm sequelize sql-migrate sqlx typeorm unknown vitess")
	slices.Sort(want)
	if got := Tools(); !slices.Equal(got, want) {
		t.Errorf("tools: %q, want %q", got, want)
	}
	for _, tool := range tools() {
		if tool.table == "" || len(tool.columns) == 0 || tool.rows.version == "" {
			t.Errorf("%s lacks its table, columns or version", tool.name)
		}
		if tool.shows(unfinished) && tool.lock.names == nil {
			t.Errorf("%s shows unfinished migrations that no lock can tell from failed ones", tool.name)
		}
	}
}

// TestNoTableIsTwoTools: a table with just the columns of a tool is that tool's.
func TestNoTableIsTwoTools(t *testing.T) {
	all := tools()
	for _, tool := range all {
		of := table{schema: "app", name: tool.table, columns: map[string]string{}}
		for _, c := range tool.columns {
			name, kind, _ := strings.Cut(c, " ")
			of.columns[name] = kind
		}
		if got := toolOf(all, of, func(name string) bool { return name == tool.beside }); got != tool {
			t.Errorf("%s with %v is taken for %v", tool.table, tool.columns, got)
		}
	}
}
