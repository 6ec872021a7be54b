// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schema_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/schema"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// made is a schema with everything that servers write in their own ways.
var made = []string{
	`CREATE TABLE {s}.customers (
		id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
		name VARCHAR(100) NOT NULL DEFAULT 'it''s', note TEXT, born DATE DEFAULT NULL, level TINYINT(1) NOT NULL DEFAULT 0,
		price DECIMAL(10,2) DEFAULT 1.50, flags BIT(4) DEFAULT b'101', kind ENUM('a','B') DEFAULT 'B',
		made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
		at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), document JSON, word VARCHAR(10) DEFAULT 'NULL', nothing VARCHAR(10) DEFAULT '',
		twice BIGINT GENERATED ALWAYS AS (level * 2 + 1) STORED, y YEAR,
		UNIQUE KEY by_name (name), KEY by_note (note(20), born DESC), FULLTEXT KEY words (note),
		CHECK (price > 0 AND name <> 'x y'), CONSTRAINT grown CHECK (level < 100)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
	`CREATE TABLE {s}.orders (id BIGINT PRIMARY KEY, customer INT UNSIGNED NOT NULL, old VARCHAR(5) CHARACTER SET utf8mb3,
		CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
	"CREATE VIEW {s}.dear AS SELECT name, price FROM {s}.customers WHERE price > 100 AND (level = 1 OR level = 2)",
	"CREATE PROCEDURE {s}.p (IN a INT, OUT b VARCHAR(10)) SELECT a INTO b",
	"CREATE FUNCTION {s}.f (a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
	"CREATE TRIGGER {s}.before_order BEFORE INSERT ON {s}.orders FOR EACH ROW SET NEW.old = 'x'",
}

func build(t *testing.T, server *testenv.Server, name string) {
	t.Helper()
	server.Exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { server.Exec(t, "DROP DATABASE "+name) })
	for _, statement := range made {
		server.Exec(t, strings.ReplaceAll(statement, "{s}", name))
	}
}

func connect(t *testing.T, server *testenv.Server) *mysqld.Server {
	t.Helper()
	account := server.Grant(t, fmt.Sprintf("reader%p", t), "GRANT ALL ON *.* TO {user}")
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
	return connection
}

func read(t *testing.T, server *mysqld.Server, name string) schema.Schema {
	t.Helper()
	s, err := schema.Read(t.Context(), server, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAlikeOnBothServers: what was made by the same statements is the same.
func TestAlikeOnBothServers(t *testing.T) {
	mariadb, mysql := testenv.SharedMariaDB(t), testenv.SharedMySQL(t)
	build(t, mariadb, "alike")
	build(t, mysql, "alike")
	a, b := read(t, connect(t, mariadb), "alike"), read(t, connect(t, mysql), "alike")
	if len(a) < 30 {
		t.Errorf("only %d objects: %v", len(a), a)
	}
	for _, d := range schema.Diff(a, b) {
		t.Errorf("%s: %q on MariaDB, %q on MySQL", d.Object, d.A, d.B)
	}
	if a.Hash() != b.Hash() {
		t.Error("the hashes differ")
	}
}

// TestEachDifference changes one thing after another.
func TestEachDifference(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		build(t, server, "one")
		build(t, server, "two")
		connection := connect(t, server)
		one := read(t, connection, "one")
		if two := read(t, connection, "two"); one.Hash() != two.Hash() {
			t.Fatalf("schemas of another name differ: %v", schema.Diff(one, two))
		}
		hashes := []string{one.Hash()}
		for _, step := range []struct{ do, want string }{
			{"ALTER TABLE two.orders ADD COLUMN extra INT", "column orders.extra"},
			{"ALTER TABLE two.customers ALTER level SET DEFAULT 1", "column customers.level"},
			{"ALTER TABLE two.customers DROP INDEX by_name, ADD INDEX by_name (name)", "index customers.by_name"},
			{"ALTER TABLE two.orders DROP FOREIGN KEY of_customer", "foreign key orders.of_customer"},
			{"ALTER TABLE two.customers DROP CONSTRAINT grown", "check customers.level<100"},
			{"ALTER TABLE two.customers MODIFY born DATE DEFAULT NULL AFTER id", "order of columns customers"},
			{"CREATE OR REPLACE VIEW two.dear AS SELECT name, price FROM two.customers WHERE price > 200 AND (level = 1 OR level = 2)", "view dear"},
			{"DROP PROCEDURE two.p", "routine procedure p"},
			{"DROP TRIGGER two.before_order", "trigger orders.before_order"},
			{"CREATE TABLE two.spare (id INT PRIMARY KEY, a INT)", "table spare"},
		} {
			before := schema.Diff(one, read(t, connection, "two"))
			server.Exec(t, step.do)
			two := read(t, connection, "two")
			var news []string
			for _, d := range schema.Diff(one, two) {
				if !slices.Contains(before, d) {
					news = append(news, d.String())
				}
			}
			if len(news) != 1 || news[0] != step.want {
				t.Errorf("%s: %v, want %s", step.do, news, step.want)
			}
			if slices.Contains(hashes, two.Hash()) {
				t.Errorf("%s: the hash is an earlier one", step.do)
			}
			hashes = append(hashes, two.Hash())
		}
	})
}
