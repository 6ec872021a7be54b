// SPDX-License-Identifier: Apache-2.0

package thresholds

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/yamledit"
	"github.com/easy-erp/dbsync/rules"
)

// inherent are numbers that nobody tunes, by their role in any rule.
var inherent = map[string]string{
	"== 0": "a state", "== 1": "a state", "> 0": "any at all", "1 -": "the rest of a whole",
	"0 *": "a zero with the same labels", "* +Inf": "an age without end",
}

// fixed are the numbers of single rules that are not for tuning.
var fixed = map[string]map[string]string{
	"job_overdue":                      {"1.1 *": "slack over a promise of the configuration", "2.2 *": "slack over a promise of the configuration", "+ 300": "slack over a promise of the configuration", ">= 3": "fewer may be chance"},
	"backup_verification_overdue":      {"1.25 *": "slack over a promise of the configuration"},
	"restore_test_overdue":             {"1.1 *": "slack over a promise of the configuration"},
	"schema_change_stalled":            {"< 0.001": "no progress at all", "< 0.99": "the last rows and the swap take long", "> 900": "the range of its first line"},
	"schema_change_stopped":            {"< 7 * 86400": "schema_change_leftovers takes over"},
	"schema_drift":                     {"> 1": "more than one schema"},
	"sync_task_failing":                {"< 3600": "how long a fact is told", "< 604800": "a task that was given up"},
	"watchdog":                         {"vector 1": "always"},
	"exporter_down":                    {"< 0.7": "the share of four minutes that one missed scrape does not reach"},
	"snapshot_stale":                   {"clamp_min 300": "a slow scrape is no staleness"},
	"prometheus_not_sending_alerts":    {"< 1": "none"},
	"replication_heartbeat_lag":        {"< 60": "what a fresh heartbeat is"},
	"mysql_auto_increment_running_out": {"> 0.5": "a forecast for what is half empty is a guess"},
	"api_unusual":                      {">= 10": "fewer may be chance"},
	"mysql_traffic_gone":               {"0.1 *": "all but nothing", "> 10": "a server that is hardly asked may rest"},
	"mysql_schema_growth_unusual": {
		"3 *": "several times the usual", "clamp_min 0": "shrinking is no measure", "0.15 *": "small against the whole", "+ 1e9": "small in itself",
	},
	"backup_unusual": {
		"1.25 +": "the band of what is usual", "0.75 -": "the band of what is usual", "1.5 +": "the band of what is usual",
		"5 *": "spreads that chance does not explain", "- 1": "a part of the formula", "> 300": "some minutes longer are no matter",
	},
	"heartbeat_stale": {"< 60": "what a fresh heartbeat is"},
}

func shippedRules(t *testing.T) map[string][]rulefile.Rule {
	t.Helper()
	byID, err := shippedAlerts()
	if err != nil {
		t.Fatal(err)
	}
	return byID
}

func roles(t *testing.T, of []rulefile.Rule, severity string) []string {
	t.Helper()
	var all []string
	for _, r := range of {
		if severity != "" && r.Labels["severity"] != severity {
			continue
		}
		found, err := numbers(r.Expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range found {
			all = append(all, n.role)
		}
	}
	return all
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func TestDeclaredThresholdsAreInTheRules(t *testing.T) {
	shipped := shippedRules(t)
	for _, d := range declared() {
		if len(shipped[d.rule]) == 0 {
			t.Errorf("%s: no rule has this rule_id", d.rule)
			continue
		}
		if d.role != "" {
			if got := count(roles(t, shipped[d.rule], d.severity), d.role); got != max(1, d.times) {
				t.Errorf("%s.%s: %q stands %d times in the %s rules, want %d", d.rule, d.name, d.role, got, d.severity, max(1, d.times))
			}
		} else if d.name != wait || !oneWait(shipped[d.rule]) {
			t.Errorf("%s.%s: without a role", d.rule, d.name)
		}
		for _, id := range d.also {
			if count(roles(t, shipped[id], ""), d.role) == 0 {
				t.Errorf("%s.%s: %s has no %q", d.rule, d.name, id, d.role)
			}
		}
		if _, err := d.shipped(); d.role != "" && err != nil {
			t.Error(err)
		}
	}
}

// Whoever writes a rule with a number says whether it can be changed: in declared.go, or here why not.
func TestEveryNumberIsDeclared(t *testing.T) {
	for id, of := range shippedRules(t) {
		for _, r := range of {
			for _, role := range roles(t, []rulefile.Rule{r}, "") {
				known := inherent[role] != "" || fixed[id][role] != "" || slices.ContainsFunc(declared(), func(d threshold) bool {
					return d.role == role && (d.rule == id && d.severity == r.Labels["severity"] || slices.Contains(d.also, id))
				})
				if !known {
					t.Errorf("%s (%s): the number %q: declare it as a threshold in declared.go, or say in this test why nobody changes it", id, r.Labels["severity"], role)
				}
			}
		}
	}
	for id, of := range shippedRules(t) {
		for role := range fixed[id] {
			if count(roles(t, of, ""), role) == 0 {
				t.Errorf("%s has no %q any more", id, role)
			}
		}
	}
}

// rendered returns all rules with values, or those of the files in which one of these ids is.
func rendered(t *testing.T, values string, only ...string) map[string][]rulefile.Rule {
	t.Helper()
	v, err := Parse([]byte(values))
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(rules.Files, "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string][]rulefile.Rule{}
	for _, name := range names {
		text, err := fs.ReadFile(rules.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		if len(only) > 0 && !slices.ContainsFunc(only, func(id string) bool { return strings.Contains(string(text), "rule_id: "+id+"\n") }) {
			continue
		}
		doc, top, err := yamledit.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Apply(top); err != nil {
			t.Fatal(err)
		}
		if text, err = yamledit.Format(doc); err != nil {
			t.Fatal(err)
		}
		all, errs := rulefile.Parse(name, text)
		if len(errs) > 0 {
			t.Fatalf("%s: %v\n%s", name, errs, text)
		}
		for _, r := range all {
			if r.Alert != "" {
				byID[r.Labels["rule_id"]] = append(byID[r.Labels["rule_id"]], r)
			}
		}
	}
	return byID
}

// The file to begin with changes nothing, with every line of it taken in.
func TestDefaultsChangeNothing(t *testing.T) {
	var out strings.Builder
	if err := WriteDefaults(&out); err != nil {
		t.Fatal(err)
	}
	if v, err := Parse([]byte(out.String())); err != nil || len(v.rules) != 0 {
		t.Errorf("as it is printed: %v, %v", v, err)
	}
	_, lines, _ := strings.Cut(out.String(), "\n\n")
	taken := regexp.MustCompile(`(?m)^# `).ReplaceAllString(lines, "")
	got := rendered(t, taken)
	for id, of := range shippedRules(t) {
		for i, r := range of {
			if len(got[id]) != len(of) {
				t.Fatalf("%s: %d rules, want %d", id, len(got[id]), len(of))
			}
			if want := canonical(t, r.Expr); canonical(t, got[id][i].Expr) != want && !strings.Contains(r.Expr, " * ") {
				t.Errorf("%s: %s, want %s", id, got[id][i].Expr, want)
			}
			if got[id][i].For != r.For {
				t.Errorf("%s: for %v, want %v", id, got[id][i].For, r.For)
			}
		}
	}
}

func canonical(t *testing.T, expr string) string {
	t.Helper()
	parsed, err := rulefile.Parser().ParseExpr(expr)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.String()
}

// Every single threshold changes its number, nothing else of any rule, and no text goes on saying the old one.
func TestEachThresholdChangesItsNumberAndTheTexts(t *testing.T) {
	shipped := shippedRules(t)
	for _, d := range declared() {
		if d.role == "" {
			continue
		}
		old, err := d.shipped()
		if err != nil {
			t.Fatal(err)
		}
		other := old * 1.01 // stays in order with the other severity
		if strings.HasPrefix(d.role, "<") {
			other = old * 0.99
		}
		value := d.unit.write(other)
		if d.unit == seconds {
			other = float64(int(old)) + 1
			if strings.HasPrefix(d.role, "<") {
				other = old - 1
			}
			value = d.unit.write(other)
		}
		got := rendered(t, d.rule+": {"+d.name+": "+value+"}", append(d.also, d.rule)...)
		for i, r := range got[d.rule] {
			was := shipped[d.rule][i]
			changed := r.Expr != was.Expr
			if want := strings.Contains(was.Expr, d.role) || count(roles(t, []rulefile.Rule{was}, ""), d.role) > 0; changed != want && r.Labels["severity"] == d.severity {
				t.Errorf("%s.%s=%s: changed %v, want %v: %s", d.rule, d.name, value, changed, want, r.Expr)
			}
			if !changed {
				continue
			}
			for name, text := range r.Annotations {
				text = strings.NewReplacer(d.unit.english(other), "", d.unit.chinese(other), "").Replace(text)
				for _, display := range append([]string{d.unit.english(old), d.unit.chinese(old)}, texts(d)...) {
					if d.unit != plain && strings.Contains(text, display) {
						t.Errorf("%s.%s=%s: %s still says %q: %s", d.rule, d.name, value, name, display, text)
					}
				}
			}
			for _, p := range d.says {
				if !slices.ContainsFunc(shipped[d.rule], func(r rulefile.Rule) bool { return strings.Contains(strings.Join(values(r.Annotations), "\n"), p.text) }) {
					t.Errorf("%s.%s: nothing says %q", d.rule, d.name, p.text)
				}
			}
		}
		for id, of := range got {
			for i, r := range of {
				if id != d.rule && !slices.Contains(d.also, id) && r.Expr != shipped[id][i].Expr {
					t.Errorf("%s.%s changes %s too", d.rule, d.name, id)
				}
			}
		}
	}
}

func texts(d threshold) (all []string) {
	for _, p := range d.says {
		all = append(all, p.text)
	}
	return all
}

func values(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

func TestWhatCanBeSaid(t *testing.T) {
	got := rendered(t, `
database_connections_high: {warning: 70, critical: 90%, for: 10m}
mysql_long_transaction: {disabled: true}
host_memory_low: {severity: critical}
query_performance_degraded: {warning: 500ms}
mysql_metadata_lock_pile_up: {sessions: 8}
migration_pending: {for: 2d}
mysql_replication_lag: {for: 0s}
`)
	c := got["database_connections_high"]
	if len(c) != 2 || !strings.Contains(c[0].Expr, "> 0.7\n") || !strings.Contains(c[1].Expr, "> 0.9\n") ||
		c[0].Labels["severity"] != "warning" || c[1].Labels["severity"] != "critical" || c[1].For.String() != "10m" ||
		!strings.Contains(c[1].Annotations["summary"], "90 %") || !strings.Contains(c[0].Annotations["summary_zh"], "70%") {
		t.Errorf("%+v", c)
	}
	if len(got["mysql_long_transaction"]) != 0 {
		t.Error("a disabled rule is there")
	}
	if r := got["host_memory_low"][0]; r.Labels["severity"] != "critical" {
		t.Errorf("%+v", r)
	}
	if r := got["query_performance_degraded"][0]; !strings.Contains(r.Expr, "> 0.5\n") || !strings.Contains(r.Annotations["summary"], "0.5 seconds") {
		t.Errorf("%+v", r)
	}
	if r := got["schema_change_meets_backup"][0]; !strings.Contains(r.Expr, ">= 8") {
		t.Errorf("the rule that speaks until then: %s", r.Expr)
	}
	if r := got["migration_pending"][0]; !strings.Contains(r.Annotations["summary"], "2 days") || !strings.Contains(r.Annotations["description_zh"], "2 天") {
		t.Errorf("%+v", r.Annotations)
	}
	if r := got["mysql_replication_lag"][0]; r.For != 0 {
		t.Errorf("for %v", r.For)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"\ndatabase_connection_high: {warning: 80}":                `line 2: database_connection_high: no shipped rule has this rule_id: did you mean "database_connections_high"?`,
		"database_connections_high:\n  warnin: 80":                 `line 2: database_connections_high.warnin: it has no threshold of this name: did you mean "warning"?`,
		"database_connections_high: {warning: 180}":                "want a percentage",
		"database_connections_high: {warning: 90, critical: 80}":   "warning would not come before critical",
		"database_connections_high: {critical: 80}":                "warning would not come before critical",
		"database_connections_high: {critical: 9, severity: info}": "of another one",
		"mysql_long_transaction: {warning: 7}":                     "want a duration",
		"mysql_down: {warning: 1}":                                 "no threshold of this name",
		"mysql_down: {severity: fatal}":                            "want critical, warning or info",
		"mysql_down: {disabled: maybe}":                            "want true or false",
		"mysql_down: 5":                                            "want names and values",
		"backup_failure: {for: 5m}":                                "differently long",
		"api_certificate_expiring: {severity: critical}":           "several",
		"mysql_down: {for: 1m}\nmysql_down: {for: 2m}":             "mysql_down",
		"[]": "want rule_ids",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("database_connections_high: {warning: 70, critical: 90%, for: 10m}")
	f.Add("mysql_metadata_lock_pile_up: {sessions: 1e9, wait: 1y}\nhost_memory_low: {disabled: true}")
	text, err := fs.ReadFile(rules.Files, "mysql.rules.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, values string) {
		v, err := Parse([]byte(values))
		if err != nil {
			return
		}
		doc, top, err := yamledit.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Apply(top); err != nil {
			t.Fatal(err)
		}
		out, err := yamledit.Format(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, errs := rulefile.Parse("x", out); len(errs) > 0 {
			t.Fatalf("%q gives %v", values, errs)
		}
	})
}
