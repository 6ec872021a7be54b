// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

const pattern = "*.rules.yml"

// tests holds the promtool tests.
var tests = os.DirFS("tests")

func read(t *testing.T) []rulefile.Rule {
	t.Helper()
	rules, err := rulefile.Read(Files, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func alerts(t *testing.T) []rulefile.Rule {
	t.Helper()
	return slices.DeleteFunc(read(t), func(r rulefile.Rule) bool { return r.Alert == "" })
}

func expression(t *testing.T, rule rulefile.Rule) parser.Expr {
	t.Helper()
	expr, err := rulefile.Parser().ParseExpr(rule.Expr)
	if err != nil {
		t.Fatal(err)
	}
	return expr
}

var (
	severities = []string{"critical", "warning", "info"}
	components = []string{"migration", "backup", "mysql", "host", "app", "monitoring"}
	ruleID     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	// dashboardURL finds a board's UID, by which its file is called.
	dashboardURL = regexp.MustCompile(`^http://localhost:3000/d/(dbsync-[a-z]+)\?var-instance=`)
	camelCase    = regexp.MustCompile(`^([A-Z][a-zA-Z0-9]*)+$`)
)

func TestAlertLabels(t *testing.T) {
	for _, a := range alerts(t) {
		severity, component := a.Labels["severity"], a.Labels["component"]
		if !slices.Contains(severities, severity) && (a.Alert != "Watchdog" || severity != "none") {
			t.Errorf("%s: severity %q", a.Alert, severity)
		}
		if !slices.Contains(components, component) || a.File != component+".rules.yml" {
			t.Errorf("%s: component %q in %s", a.Alert, component, a.File)
		}
		if !ruleID.MatchString(a.Labels["rule_id"]) || !camelCase.MatchString(a.Alert) {
			t.Errorf("%s: rule_id %q is not snake_case, or the name not CamelCase", a.Alert, a.Labels["rule_id"])
		}
		for name, value := range a.Labels {
			if strings.Contains(value, "{{") {
				t.Errorf("%s: label %s is a template: a changing value makes a new alert each time", a.Alert, name)
			}
		}
	}
}

func TestRuleIDsAndAlertNamesAreOneToOne(t *testing.T) {
	name, id := map[string]string{}, map[string]string{}
	for _, a := range alerts(t) {
		i := a.Labels["rule_id"]
		if known, ok := name[i]; ok && known != a.Alert {
			t.Errorf("%s is both %s and %s", i, known, a.Alert)
		}
		if known, ok := id[a.Alert]; ok && known != i {
			t.Errorf("%s is both %s and %s", a.Alert, known, i)
		}
		name[i], id[a.Alert] = a.Alert, i
	}
}

func TestRulesOfOneAlertDifferInAStaticLabel(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range alerts(t) {
		key := a.Alert + labels.FromMap(a.Labels).String()
		if seen[key] {
			t.Errorf("%s: two rules would give the same alert: %s", a.Alert, key)
		}
		seen[key] = true
	}
}

func TestAlertAnnotations(t *testing.T) {
	for _, a := range alerts(t) {
		for _, name := range []string{"summary", "description", "summary_zh", "description_zh", "runbook_url", "dashboard_url"} {
			if a.Annotations[name] == "" {
				t.Errorf("%s: no %s", a.Alert, name)
			}
		}
		for _, name := range []string{"summary", "summary_zh"} {
			if s := a.Annotations[name]; strings.Contains(s, "{{") || !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "。") {
				t.Errorf("%s: %s %q is not a static sentence", a.Alert, name, s)
			}
		}
		match := dashboardURL.FindStringSubmatch(a.Annotations["dashboard_url"])
		if match == nil {
			t.Errorf("%s: dashboard_url %q: templates append to its query, render replaces its base", a.Alert, a.Annotations["dashboard_url"])
			continue
		}
		if _, err := os.Stat("../grafana/dashboards/" + match[1] + ".json"); err != nil {
			t.Errorf("%s: dashboard_url: %v", a.Alert, err)
		}
	}
}

func TestRecordingRulesStandBeforeAlerts(t *testing.T) {
	group := ""
	alertSeen := false
	for _, r := range read(t) {
		if key := r.File + r.Group; key != group {
			group, alertSeen = key, false
		}
		if r.Record != "" && alertSeen {
			t.Errorf("%s/%s: %s is recorded after an alert of its group", r.File, r.Group, r.Record)
		}
		alertSeen = alertSeen || r.Alert != ""
	}
}

var recordName = regexp.MustCompile(`^[a-z_]+:[a-z_]+:[a-z0-9_]+$`)

func TestRecordNames(t *testing.T) {
	for _, r := range read(t) {
		if r.Record != "" && !recordName.MatchString(r.Record) {
			t.Errorf("%s is not level:metric:operations", r.Record)
		}
	}
}

func TestPagesAreEvaluatedEveryTenSeconds(t *testing.T) {
	for _, a := range alerts(t) {
		if a.Labels["severity"] == "critical" && a.Interval != model.Duration(10*time.Second) {
			t.Errorf("%s pages, but its group %s has interval %v", a.Alert, a.Group, a.Interval)
		}
	}
}

// A range must hold four samples at the longest scrape interval that we
// promise to support, or one missed scrape empties it.
func TestRangesHoldFourScrapes(t *testing.T) {
	const shortest = 4 * time.Minute
	for _, r := range read(t) {
		parser.Inspect(expression(t, r), func(node parser.Node, _ []parser.Node) error {
			if m, ok := node.(*parser.MatrixSelector); ok && m.Range < shortest {
				t.Errorf("%s%s: range %v in %s", r.Record, r.Alert, m.Range, m)
			}
			return nil
		})
	}
}

// Alerting on a bare gauge would take a missed scrape for recovery.
func TestAlertsBridgeMissedScrapes(t *testing.T) {
	otherwise := map[string]string{
		"ExporterMissing":  "it is about what is missing",
		"BinlogArchiveGap": "its range counts only while the archive's other series are missing, too",
	}
	for _, a := range alerts(t) {
		if a.KeepFiringFor > 0 || otherwise[a.Alert] != "" {
			continue
		}
		parser.Inspect(expression(t, a), func(node parser.Node, path []parser.Node) error {
			v, ok := node.(*parser.VectorSelector)
			if !ok || strings.Contains(v.Name, ":") {
				return nil
			}
			if len(path) == 0 {
				t.Errorf("%s: %s stands alone", a.Alert, v)
			} else if _, ranged := path[len(path)-1].(*parser.MatrixSelector); !ranged {
				t.Errorf("%s: %s is not read over a range", a.Alert, v)
			}
			return nil
		})
	}
}

func TestAlertsKeepTheInstance(t *testing.T) {
	examples, err := rulefile.Examples(tests, "*.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	fires := map[string]bool{}
	for _, example := range examples {
		name := example.Get("alertname")
		fires[name+"/"+example.Get("severity")] = true
		if !example.Has("instance") && name != "Watchdog" && name != "ExporterMissing" {
			t.Errorf("%s has lost its instance: %s", name, example)
		}
	}
	for _, a := range alerts(t) {
		if key := a.Alert + "/" + a.Labels["severity"]; !fires[key] {
			t.Errorf("no promtool test makes %s fire", key)
		}
	}
}

// A rule is proved only where a test makes it fire and another shows it quiet,
// at both ends of the scrape intervals that are supported.
func TestEveryAlertIsProvedAtBothIntervals(t *testing.T) {
	proofs, err := rulefile.Proofs(tests, "*.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts(t) {
		if a.Alert == "Watchdog" || a.Alert == "ExporterDown" { // always fires; tested at 10 s and 60 s
			continue
		}
		for _, interval := range []model.Duration{model.Duration(15 * time.Second), model.Duration(time.Minute)} {
			if !proofs[a.Alert].Fires[interval] || !proofs[a.Alert].Quiet[interval] {
				t.Errorf("%s: no test that it fires, or none that it stays quiet, scraped every %v", a.Alert, interval)
			}
		}
	}
}

// The five rules that the project grew from, with their thresholds and
// durations. The fact of a failure is told sooner, by a rule of the same id.
func TestTheFirstFiveRules(t *testing.T) {
	for _, want := range []struct {
		id, condition string
		wait          time.Duration
	}{
		{"migration_failure", "history:dbsync_migration_success:ratio24h < 0.95", 5 * time.Minute},
		{"backup_failure", "instance_backup:dbsync_backup_success:ratio24h < 0.99", 2 * time.Minute},
		{"backup_failure", "(last_over_time(dbsync_backup_max_duration_seconds[4m]))", 2 * time.Minute}, // 600 s by default
		{"database_connections_high", "instance:dbsync_mysql_connections:ratio > 0.8", 3 * time.Minute},
		{"disk_space_low", "instance_path:dbsync_disk_used:ratio > 0.85", time.Minute},
		{"query_performance_degraded", "instance:dbsync_mysql_statement_seconds:mean5m > 2", 5 * time.Minute},
	} {
		if !slices.ContainsFunc(alerts(t), func(a rulefile.Rule) bool {
			return a.Labels["rule_id"] == want.id && time.Duration(a.For) == want.wait && strings.Contains(a.Expr, want.condition)
		}) {
			t.Errorf("no rule %s waits %v for %q", want.id, want.wait, want.condition)
		}
	}
}
