// SPDX-License-Identifier: Apache-2.0

//go:build linux

package docs_test

import (
	"bufio"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// family is the name of a metric family in the reference.
var family = regexp.MustCompile("(?m)^\\| `([a-z][A-Za-z0-9_]*)` \\|")

// TestNamesOfOtherExporters asks mysqld_exporter and node_exporter themselves
// for what they give: every name is one that this exporter gives too, or
// migrating.md says what became of it.
func TestNamesOfOtherExporters(t *testing.T) {
	ours := map[string]bool{}
	for _, match := range family.FindAllStringSubmatch(read(t, "metrics.md"), -1) {
		ours[match[1]] = true
	}
	page := read(t, "migrating.md")
	t.Run("mysqld_exporter", func(t *testing.T) {
		testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
			checkNames(t, names(t, mysqldExporter(t, s)), ours, page)
		})
	})
	t.Run("node_exporter", func(t *testing.T) {
		program := testenv.Tool(t, testenv.New, "prometheus-node-exporter", "node_exporter")
		checkNames(t, names(t, testenv.Service(t, exporter(program))), ours, page)
	})
}

func mysqldExporter(t *testing.T, s *testenv.Server) *sandbox.Service {
	t.Helper()
	program := testenv.Tool(t, testenv.New, "prometheus-mysqld-exporter", "mysqld_exporter")
	admin := s.AdminConfig()
	file := t.TempDir() + "/my.cnf"
	text := "[client]\nuser=" + admin.User + "\npassword=" + admin.Passwd + "\nsocket=" + s.Socket() + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return testenv.Service(t, exporter(program, "--config.my-cnf="+file))
}

func exporter(program sandbox.Program, flags ...string) sandbox.ServiceOptions {
	return sandbox.ServiceOptions{
		Program: program, Flags: flags, Ready: "/",
		Arguments: func(address, _ string) []string { return []string{"--web.listen-address=" + address} },
	}
}

// names are the families that a scrape has, but for those of the process.
func names(t *testing.T, s *sandbox.Service) []string {
	t.Helper()
	response, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all := map[string]bool{}
	lines := bufio.NewScanner(io.LimitReader(response.Body, 16<<20))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) > 2 && words[1] == "TYPE" {
			all[words[2]] = true
		}
	}
	if len(all) < 100 {
		t.Fatalf("a scrape gives %d families", len(all))
	}
	maps.DeleteFunc(all, func(name string, _ bool) bool {
		return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") || strings.HasPrefix(name, "promhttp_")
	})
	return slices.Sorted(maps.Keys(all))
}

// told is a name in migrating.md's tables; one that ends with * is a prefix.
var told = regexp.MustCompile("`([a-z][A-Za-z0-9_]*\\*?)`")

func checkNames(t *testing.T, theirs []string, ours map[string]bool, page string) {
	t.Helper()
	var exact, prefixes []string
	for _, line := range strings.Split(page, "\n") {
		first, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !isRow || !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, match := range told.FindAllStringSubmatch(first, -1) {
			if prefix, is := strings.CutSuffix(match[1], "*"); is {
				prefixes = append(prefixes, prefix)
			} else {
				exact = append(exact, match[1])
			}
		}
	}
	same := 0
	for _, name := range theirs {
		switch {
		case ours[name]:
			same++
		case slices.Contains(exact, name), slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }):
		default:
			t.Errorf("migrating.md does not say what became of %s", name)
		}
	}
	t.Logf("%d of %d families have the same name here", same, len(theirs))
}
