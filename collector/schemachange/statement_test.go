// SPDX-License-Identifier: Apache-2.0

package schemachange

import "testing"

func TestAltered(t *testing.T) {
	for statement, want := range map[string]table{
		"ALTER TABLE orders ADD COLUMN a INT":                            {"erp", "orders"},
		"alter table `shop`.`odd ``name` engine=innodb":                  {"shop", "odd `name"},
		"/* app:1 */ ALTER /*x*/ ONLINE TABLE IF EXISTS a . b DROP c":    {"a", "b"},
		"-- why\nALTER IGNORE TABLE \"q\" FORCE":                         {"erp", "q"},
		"CREATE UNIQUE INDEX `on` ON größe (a)":                          {"erp", "größe"},
		"CREATE OR REPLACE FULLTEXT INDEX i USING BTREE ON shop.t (a)":   {"shop", "t"},
		"DROP INDEX i ON t":                                              {"erp", "t"},
		"OPTIMIZE NO_WRITE_TO_BINLOG TABLE t, u":                         {"erp", "t"},
		"# c\nOPTIMIZE TABLE t":                                          {"erp", "t"},
		"SELECT 'ALTER TABLE t'":                                         {},
		"ALTER USER u IDENTIFIED BY 'ALTER TABLE t'":                     {},
		"CREATE TABLE t (a INT, INDEX (a))":                              {},
		"ALTER TABLE":                                                    {},
		"ALTER TABLE `":                                                  {},
		"":                                                               {},
		"EXPLAIN ALTER TABLE t FORCE":                                    {},
		"CREATE VIEW v AS SELECT * FROM t FORCE INDEX (a) JOIN u ON 1=1": {},
	} {
		got, found := altered(statement, "erp")
		if got != want || found != (want != table{}) {
			t.Errorf("%s: %v (%t), want %v", statement, got, found, want)
		}
	}
	if got, found := altered("ALTER TABLE t FORCE", ""); found {
		t.Errorf("a table of no schema: %v", got)
	}
}

func TestCopied(t *testing.T) {
	const nibble = "INSERT LOW_PRIORITY IGNORE INTO `shop`.`_t_new` (`id`) SELECT `id` FROM `shop`.`t` FORCE INDEX(`PRIMARY`) WHERE 1 /*pt-online-schema-change 1 copy nibble*/"
	if got, found := copied(nibble, ""); !found || got != (table{"shop", "_t_new"}) {
		t.Errorf("%v (%t)", got, found)
	}
	if got, found := copied("SELECT 1 INTO OUTFILE 'a'", "erp"); found {
		t.Errorf("a SELECT copies into %v", got)
	}
}

func FuzzAltered(f *testing.F) {
	f.Add("ALTER TABLE `a`.`b` FORCE")
	f.Add("/* INSERT INTO \"")
	f.Add("CREATE INDEX i ON t")
	f.Fuzz(func(t *testing.T, statement string) {
		for _, read := range []func(string, string) (table, bool){altered, copied} {
			if got, found := read(statement, "erp"); found && (got.schema == "" || got.name == "") {
				t.Errorf("%q: %v", statement, got)
			}
		}
	})
}
