// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"testing"
	"unicode/utf8"
)

// FuzzFiles gives every tool any name and any content.
func FuzzFiles(f *testing.F) {
	for _, seed := range [][2]string{
		{"V1_2__orders.sql", "CREATE TABLE x (id INT);\r\n"},
		{"20240101000000_orders.up.sql", "\uFEFFx"},
		{"a.sql", "--liquibase formatted sql\n--changeset \"a b\":c\n"},
		{"a.xml", `<databaseChangeLog><changeSet id="1" author="a"/></databaseChangeLog>`},
		{"a.yaml", "databaseChangeLog:\n- changeSet: {id: 001, author: a, dbms: '!oracle'}\n- include: {file: b.xml}\n"},
		{"a.json", `{"databaseChangeLog":[{"changeSet":{"id":"1","author":"a"}},{"includeAll":{"path":"x","maxDepth":"1"}}]}`},
		{"a.yml", "x: &a [databaseChangeLog]\ndatabaseChangeLog: *a\n"},
		{"atlas.sum", "h1:x=\n1_a.sql h1:y=\n"},
		{"1_a.sql", "-- atlas:checkpoint v1\n\nx"},
		{"a.py", "revision = 'a'\ndown_revision = ('b', \"c\")\n"},
		{"shop/migrations/0001_initial.py", "    replaces = [('shop', '0001'), (\"a\", 'b')]\n"},
		{"20240101000000_a/migration.sql", ""},
		{"meta/_journal.json", `{"entries":[{"idx":0,"when":1,"tag":"a"}]}`},
		{"2024-01-01-000000_a/up.sql", ""},
		{"1704067200000-Orders.ts", ""},
		{"Migration20240101.cjs", ""},
		{"m20240101_000000_a.rs", ""},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	all := tools()
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, tool := range all {
			if tool.files.wanted == nil {
				continue
			}
			one, ok := tool.files.wanted(name)
			if !ok {
				continue
			}
			one.path = name
			found := []file{one}
			if tool.files.inside != nil {
				var err error
				if found, err = tool.files.inside(one, content); err != nil {
					continue
				}
			}
			for _, m := range found {
				if m.version == "" && !m.repeatable && tool.name != "atlas" {
					t.Errorf("%s: a migration without a version in %q", tool.name, name)
				}
				if utf8.ValidString(name) && utf8.Valid(content) && !utf8.ValidString(m.version+m.description+m.checksum) {
					t.Errorf("%s: broken text from %q: %+v", tool.name, name, m)
				}
				if tool.order(m.version, m.version) != 0 || tool.id(m.version, m.description) != tool.id(m.version, m.description) { //nolint:staticcheck // that both are the same is what is tested
					t.Errorf("%s: %q differs from itself", tool.name, m.version)
				}
				m.born()
			}
			// A folder that holds what was applied has nothing pending, whatever the names are.
			var rows []revision
			for i, m := range found {
				if !m.inert {
					rows = append(rows, revision{order: int64(i), version: m.version, description: m.description, state: applied, checksum: m.checksum})
				}
			}
			if d := tool.compare(summarize(tool, rows), found); len(d.pending) > 0 && tool.current != every {
				t.Errorf("%s: applied and pending: %+v of %+v", tool.name, d.pending, found)
			}
		}
	})
}

func FuzzVersions(f *testing.F) {
	f.Add("1.10", "1.9")
	f.Add("20240101000000_a", "2024_01_01")
	f.Add("..", "0")
	f.Fuzz(func(t *testing.T, a, b string) {
		if compareVersions(a, b) != -compareVersions(b, a) || compareVersions(a, a) != 0 {
			t.Errorf("%q and %q have no order", a, b)
		}
		if leading(a) == a && normalVersion(a) != normalVersion(normalVersion(a)) {
			t.Errorf("%q has no normal form", a)
		}
		authored(a)
	})
}
