// SPDX-License-Identifier: Apache-2.0

package customrules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/customrules"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/rules"
)

func TestIDs(t *testing.T) {
	for name, want := range map[string]string{
		"OrderBacklogHigh": "order_backlog_high", "ApiDown": "api_down", "HTTPErrors": "http_errors", "Disk2Full": "disk2_full", "X": "x",
	} {
		if got := customrules.ID(name); got != want {
			t.Errorf("%s gives %s, want %s", name, got, want)
		}
	}
}

// The shipped rules keep to what they ask of others, but for being shipped.
func TestShippedRulesPassTheLint(t *testing.T) {
	all, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Alert == "" || r.Alert == "Watchdog" {
			continue
		}
		if err := customrules.Lint(r.Rule, nil); err != nil {
			t.Errorf("%s: %v", r.Alert, err)
		}
	}
}

func TestAdvice(t *testing.T) {
	all, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := catalogue.New(all)
	if err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]string{
		"last_over_time(mysql_up[4m]) == 0":             "",
		"instance:dbsync_mysql_connections:ratio > 0.5": "",
		"mysql_up == 0": "missed scrape of mysql_up",
		"rate(mysql_global_status_threads_connected[1m])>0": "use 4m or more",
		"last_over_time(shop_orders[4m]) > 5":               "no metric of dbsync",
	} {
		notes, err := customrules.Advice(rulefmt.Rule{Expr: expr}, metrics)
		if said := strings.Join(notes, "\n"); err != nil || (want == "") != (said == "") || !strings.Contains(said, want) {
			t.Errorf("%s: said %q (%v), want %q", expr, said, err, want)
		}
	}
}

// Whatever stands in a file, a rule can be added and taken away again, and the other rules are what they were.
func FuzzEdit(f *testing.F) {
	f.Add("groups: []\n")
	f.Add("# a\ngroups:\n  - name: custom\n    # b\n    rules:\n      - {alert: A, expr: up}\n      - {record: 'a:b:c', expr: up}\n")
	f.Add("groups:\n  - name: custom\n    rules: [{alert: Mine, expr: up}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "custom.rules.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := customrules.Open(path)
		if err != nil {
			return
		}
		before, err := set.Rules()
		if err != nil {
			return
		}
		mine := rulefmt.Rule{Alert: "Fuzzed", Expr: "up == 0", Labels: map[string]string{"severity": "critical", "rule_id": "fuzzed"}}
		if set.Add(mine) != nil {
			return
		}
		if _, err := set.Files(); err != nil {
			t.Fatalf("what was added made the file invalid: %v\n%s", err, text)
		}
		if err := set.Switch("Fuzzed", false); err != nil {
			t.Fatal(err)
		}
		if err := set.Delete("fuzzed"); err != nil {
			t.Fatal(err)
		}
		after, err := set.Rules()
		if err != nil || len(after) != len(before) {
			t.Fatalf("%d rules became %d: %v\n%s", len(before), len(after), err, text)
		}
	})
}
