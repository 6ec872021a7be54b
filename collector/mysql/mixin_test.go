// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// defaults are the collectors that are on when nobody asked.
func defaults() []collector.Definition {
	return slices.DeleteFunc(Definitions(), func(d collector.Definition) bool { return !d.Default })
}

// TestMixinNames finds every name that mysqld_exporter's own mixin queries among
// the default collectors, but for those that a server lacks for a known reason.
func TestMixinNames(t *testing.T) {
	names := mixinNames(t)
	if len(names) != 76 {
		t.Errorf("the mixin has 76 names, the list %d", len(names))
	}
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		got := scrape(t, server, defaults()...)
		for name, lacking := range names {
			wanted := !slices.Contains(lacking, string(server.Kind()))
			if _, given := got[name]; given != wanted {
				t.Errorf("%s: given %t, wanted %t", name, given, wanted)
			}
		}
	})
}

// mixinNames returns for each name the servers that do not have it.
func mixinNames(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/mixin.tsv")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		names[fields[0]] = nil
		if len(fields) == 1 {
			continue
		}
		if len(fields) != 3 || fields[2] == "" {
			t.Fatalf("testdata/mixin.tsv: want name, servers, reason: %q", line)
		}
		names[fields[0]] = strings.Split(fields[1], ",")
	}
	return names
}

// TestOwnNamesAreClean checks the names, types and helps that are our own choice.
func TestOwnNamesAreClean(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		own := scrape(t, server, Definitions()...)
		maps.DeleteFunc(own, func(name string, _ *dto.MetricFamily) bool { return !strings.HasPrefix(name, "dbsync_") })
		lint(t, own)
	})
}
