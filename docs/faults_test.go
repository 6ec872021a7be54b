// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest    = regexp.MustCompile("`(Test\\w+)(?:/([^`]+))?`")
	declaredTest = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
)

// TestFaultsAreTested: each test that the table of faults names is there, and each
// fault names one.
func TestFaultsAreTested(t *testing.T) {
	sources := tests(t)
	_, table, _ := strings.Cut(read(t, filepath.Join(root, "docs", "quality.md")), "<!-- faults -->\n")
	table, _, found := strings.Cut(table, "<!-- end of faults -->")
	if !found {
		t.Fatal("docs/quality.md has no table of faults")
	}
	rows := strings.Split(strings.TrimSpace(table), "\n")[2:]
	if len(rows) < 20 {
		t.Errorf("only %d faults", len(rows))
	}
	for _, row := range rows {
		named := namedTest.FindAllStringSubmatch(row, -1)
		if len(named) == 0 {
			t.Errorf("no test is named: %s", row)
		}
		for _, n := range named {
			source, there := sources[n[1]]
			if !there || n[2] != "" && !strings.Contains(source, `"`+n[2]+`"`) {
				t.Errorf("there is no %s", n[0])
			}
		}
	}
}

// tests are the test functions of the module, each with its file's text.
func tests(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range []string{"cmd", "collector", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, "_test.go") {
				text := read(t, path)
				for _, d := range declaredTest.FindAllStringSubmatch(text, -1) {
					all[d[1]] = text
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
