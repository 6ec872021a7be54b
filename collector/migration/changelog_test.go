// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// applied are the change sets that Liquibase itself would have run: what `update-sql` of 4.28.0 wrote into the CSV of
// --url=offline:mysql and offline:mariadb, in the folder testdata/liquibase, with db/changelog/root.yaml.
func appliedByLiquibase(t *testing.T, flavour collector.Flavour) []revision {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "liquibase", string(flavour)+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) < 10 {
		t.Fatal(records, err)
	}
	var rows []revision
	for i, r := range records[1:] {
		rows = append(rows, revision{order: int64(i + 1), version: r[2] + "::" + r[0] + "::" + r[1], state: applied})
	}
	return rows
}

func liquibaseFiles(t *testing.T, path string) []file {
	t.Helper()
	d := directory{path: path, files: liquibase().files}
	found, _, err := d.list()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestChangelogsAreReadAsLiquibaseReadsThem: by the change log that includes the others, in their order, and by folders.
func TestChangelogsAreReadAsLiquibaseReadsThem(t *testing.T) {
	const changelogs = "testdata/liquibase/db/changelog"
	for _, flavour := range []collector.Flavour{collector.MySQL, collector.MariaDB} {
		rows := appliedByLiquibase(t, flavour)
		for name, at := range map[string]string{"change log": changelogs + "/root.yaml", "folder": changelogs, "search path": "testdata/liquibase"} {
			t.Run(string(flavour)+"/"+name, func(t *testing.T) {
				all := liquibaseFiles(t, at)
				compare := func(rows []revision) difference {
					f := summarize(liquibase(), rows)
					f.flavour = flavour
					return liquibase().compare(f, all)
				}
				if d := compare(rows); len(d.pending) > 0 || d.missing > 0 && name == "change log" {
					t.Errorf("%d missing, pending: %+v", d.missing, d.pending)
				}
				for i, r := range rows {
					if strings.Contains(r.version, "::raw::") && name != "change log" {
						continue // whether somebody includes plain SQL, a folder does not tell
					}
					if d := compare(slices.Delete(slices.Clone(rows), i, i+1)); len(d.pending) != 1 {
						t.Errorf("without %s: pending %+v", r.version, d.pending)
					}
				}
				gone := revision{order: 99, version: "db/changelog/c.json::gone::ada", state: applied}
				elsewhere := revision{order: 100, version: "other/program.xml::1::eve", state: applied}
				if d := compare(append(slices.Clone(rows), gone, elsewhere)); d.missing != 1 {
					t.Errorf("%d missing, want the change set that left its file", d.missing)
				}
			})
		}
	}
	var order []string
	for _, one := range liquibaseFiles(t, changelogs+"/root.yaml") {
		if one.only == "" || one.only == collector.MySQL {
			order = append(order, strings.SplitN(one.version, "::", 2)[1])
		}
	}
	var want []string
	for _, r := range appliedByLiquibase(t, collector.MySQL) {
		want = append(want, strings.SplitN(r.version, "::", 2)[1])
	}
	if !slices.Equal(order, want) {
		t.Errorf("in the order\n%q, want\n%q", order, want)
	}
}

// TestFilesOfTheSameNameAreApart: a change set is not taken for that of another folder.
func TestFilesOfTheSameNameAreApart(t *testing.T) {
	at := func(path string) file { return file{path: path}.set(changelog{}, logEntry{id: "1", author: "ada"}) }
	rows := []revision{{order: 1, version: `classpath:db\v1\orders.sql::1::Ada`, state: applied}}
	d := liquibase().compare(summarize(liquibase(), rows), []file{at("v1/orders.sql"), at("v2/orders.sql")})
	if len(d.pending) != 1 || d.pending[0].path != "v2/orders.sql" || d.missing != 0 {
		t.Errorf("%+v", d)
	}
}

// TestBrokenChangelogsAreNamed with the line, and nothing is said about what is pending.
func TestBrokenChangelogsAreNamed(t *testing.T) {
	const yamlHead = "databaseChangeLog:\n- "
	many := strings.Repeat("*a, ", 2000)
	for _, c := range []struct{ name, content, want string }{
		{"a.yaml", "x: &a []\ny: &b [" + many + "]\ndatabaseChangeLog: [" + strings.ReplaceAll(many, "a", "b") + "]", "more than 1000000 items"},
		{"a.xml", "<databaseChangeLog>\n<changeSet id='1' author='a'>\n</databaseChangeLog>", "a.xml line 3: no XML: "},
		{"a.xml", "<databaseChangeLog>\n\n<changeSet id='1'/></databaseChangeLog>", "a.xml line 3: changeSet without author"},
		{"a.xml", "<databaseChangeLog>\n<include/></databaseChangeLog>", "a.xml line 2: include without file"},
		{"a.xml", "<?xml version='1.0' encoding='EBCDIC'?>\n<databaseChangeLog/>", `the encoding "EBCDIC" cannot be read`},
		{"a.yaml", yamlHead + "changeSet:\n    id: [\n", "a.yaml line 3: no YAML: "},
		{"a.yaml", yamlHead + "changeSet: x\n", "a.yaml line 2: changeSet: want its keys"},
		{"a.yml", yamlHead + "includeAll: {path: x, filter: com.example.Only}\n", "a.yml line 2: includeAll has a filter in Java"},
		{"a.yml", yamlHead + "includeAll: {path: x, maxDepth: deep}\n", `a.yml line 2: maxDepth: "deep" is no number`},
		{"a.json", "{\"databaseChangeLog\":\n[\n  {]}", "a.json line 2: no YAML: "},
		{"a.json", "{\"databaseChangeLog\":[\n  {\"changeSet\": {\"id\": \"\", \"author\": \"a\"}}]}", "a.json line 2: changeSet without id"},
		{"a.sql", "--liquibase formatted sql\n\n--changeset ada\n", "a.sql line 3: a changeset without author:id"},
	} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, c.name), c.content)
		for _, at := range []string{folder, filepath.Join(folder, c.name)} {
			d := directory{path: at, files: liquibase().files}
			if found, _, err := d.list(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s %q: %v, %v, want %q", c.name, c.content, found, err, c.want)
			}
		}
	}
	// What only a change log can get wrong that includes others.
	for content, want := range map[string]string{
		yamlHead + "include: {file: gone.xml}\n":                                 "root.yaml line 2: gone.xml is not there",
		yamlHead + "include: {file: '${env}.xml'}\n":                             "root.yaml line 2: ${env}.xml has a parameter",
		yamlHead + "includeAll: {path: empty, relativeToChangelogFile: true}\n":  "root.yaml line 2: empty has no change log",
		yamlHead + "include: {file: sub/a.xml, relativeToChangelogFile: true}\n": "a.xml line 1: no XML",
	} {
		folder := t.TempDir()
		for _, name := range []string{"empty", "sub"} {
			if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		write(t, filepath.Join(folder, "sub", "a.xml"), "<databaseChangeLog")
		write(t, filepath.Join(folder, "root.yaml"), content)
		d := directory{path: filepath.Join(folder, "root.yaml"), files: liquibase().files}
		if found, _, err := d.list(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", content, found, err, want)
		}
	}
}

// TestOtherFilesAreNone: YAML, JSON and XML of others lie about in any repository.
func TestOtherFilesAreNone(t *testing.T) {
	for name, content := range map[string]string{
		"values.yaml": "a: {{ .Values.x }}\n", "package.json": "{", "pom.xml": "<project><databaseChangeLog/></project>", "list.yaml": "[databaseChangeLog]",
	} {
		if log, err := parseChangelog(name, []byte(content)); err != nil || len(log.entries) > 0 {
			t.Errorf("%s: %+v, %v", name, log, err)
		}
	}
}

// TestChangelogsThatIncludeEachOther are read once, and again only when they change.
func TestChangelogsThatIncludeEachOther(t *testing.T) {
	folder := t.TempDir()
	both := func(other, id string) string {
		return "databaseChangeLog:\n- include: {file: " + other + ", relativeToChangelogFile: true}\n- changeSet: {id: " + id + ", author: a}\n"
	}
	write(t, filepath.Join(folder, "a.yaml"), both("b.yaml", "x"))
	write(t, filepath.Join(folder, "b.yaml"), both("a.yaml", "y"))
	d := directory{path: filepath.Join(folder, "a.yaml"), files: liquibase().files}
	for range 2 {
		if found, _, err := d.list(); err != nil || len(found) != 2 || found[0].version != "b.yaml::y::a" {
			t.Fatalf("%+v, %v", found, err)
		}
	}
	write(t, filepath.Join(folder, "b.yaml"), both("a.yaml", "other"))
	if found, _, err := d.list(); err != nil || found[0].version != "b.yaml::other::a" {
		t.Errorf("after a change: %+v, %v", found, err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	// However coarse the clock of the disk is, a file that was written again is another one.
	if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// FuzzChangelogs: whatever a file holds, reading it ends, and its change sets have names.
func FuzzChangelogs(f *testing.F) {
	for _, name := range []string{"root.yaml", "c.json", "rel/a.xml", "up.xml", "v1/orders.sql", "v2/orders.sql"} {
		content, err := os.ReadFile(filepath.Join("testdata/liquibase/db/changelog", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, content)
	}
	f.Add("a.yaml", []byte("databaseChangeLog: &a [*a]"))
	f.Add("a.yaml", []byte("databaseChangeLog: &a {modifyChangeSets: *a}"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		log, err := parseChangelog(name, content)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") && !strings.HasPrefix(err.Error(), "more than") {
				t.Errorf("%v names no line", err)
			}
			return
		}
		for _, e := range log.entries {
			if e.kind == changeSet && (e.id == "" || e.author == "") || e.kind != changeSet && e.path == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}
