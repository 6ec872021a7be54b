// SPDX-License-Identifier: Apache-2.0

package alertmanager

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "rewrite the golden files and the generated part of docs/alerting.md")

// Who is told after how long, as the design promises it. Where several rows
// match, the first one counts.
var promised = []struct {
	ruleID, severity, component string // empty: any
	steps                       []step
}{
	{ruleID: "migration_failure", severity: "critical", steps: []step{
		{"email_admin", 0}, {"slack_dev", 0}, {"webhook_oncall", 300 * time.Second},
		{"sms_oncall", 15 * time.Minute}, {"push_oncall", time.Hour},
	}},
	{ruleID: "backup_failure", steps: []step{{"slack_ops", 0}, {"email_admin", 120 * time.Second}}},
	{ruleID: "database_connections_high", steps: []step{{"slack_dev", 0}}},
	{ruleID: "query_performance_degraded", steps: []step{{"slack_dev", 0}}},
	{ruleID: "disk_space_low", steps: []step{
		{"email_admin", 0}, {"slack_ops", 0}, {"sms_oncall", 900 * time.Second},
		{"webhook_oncall", 30 * time.Minute}, {"push_oncall", time.Hour},
	}},
	{severity: "critical", steps: []step{
		{"email_admin", 0}, {"slack_ops", 0}, {"webhook_oncall", 300 * time.Second},
		{"sms_oncall", 15 * time.Minute}, {"push_oncall", time.Hour},
	}},
	{severity: "warning", component: "mysql", steps: []step{{"slack_dev", 0}}},
	{severity: "warning", component: "migration", steps: []step{{"slack_dev", 0}}},
	{severity: "warning", component: "app", steps: []step{{"slack_dev", 0}}},
	{severity: "warning", steps: []step{{"slack_ops", 0}}},
	{severity: "info", steps: []step{{"nobody", 0}}},
	{severity: "none", steps: []step{{"watchdog", 0}}},
}

func promise(alert model.LabelSet) []step {
	fits := func(want string, label model.LabelName) bool { return want == "" || want == string(alert[label]) }
	for _, row := range promised {
		if fits(row.ruleID, "rule_id") && fits(row.severity, "severity") && fits(row.component, "component") {
			return row.steps
		}
	}
	return nil
}

// atOnce is the longest wait that still counts as "at once": what another
// alert can inhibit waits for it.
const atOnce = 15 * time.Second

func TestEveryAlertReachesWhomTheDesignPromises(t *testing.T) {
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range shipped(t) {
		got := ladder(root, alert)
		for i := range got {
			if got[i].wait <= atOnce {
				got[i].wait = 0
			}
		}
		if want := promise(alert); !slices.Equal(got, want) {
			t.Errorf("%s: told %v, want %v", name(alert), got, want)
		}
	}
}

func TestNobodyIsToldTwice(t *testing.T) {
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range shipped(t) {
		seen := map[string]bool{}
		for _, s := range ladder(root, alert) {
			if seen[s.receiver] {
				t.Errorf("%s: %s is told twice", name(alert), s.receiver)
			}
			seen[s.receiver] = true
		}
	}
}

// Somebody's own alert, with labels that we do not know, is still told.
func TestUnknownAlertsAreTold(t *testing.T) {
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range []model.LabelSet{
		{"alertname": "Theirs"},
		{"alertname": "Theirs", "severity": "page"},
		{"alertname": "Theirs", "severity": "critical"},
		{"alertname": "Theirs", "severity": "warning"},
		{"alertname": "Theirs", "severity": "warning", "component": "theirs"},
	} {
		steps := ladder(root, alert)
		if len(steps) == 0 || steps[0].receiver == "nobody" || steps[0].wait > atOnce {
			t.Errorf("%v: told %v", alert, steps)
		}
	}
}

// Trap: an alert that joins a live group waits for group_interval, and the
// levels of the group go on without it. Whatever tells incidents apart must
// therefore be part of the group.
func TestAnIncidentIsAGroup(t *testing.T) {
	details := []model.LabelName{ // the same in all alerts of one incident, or no matter
		"severity", "component", "rule_id", "job", "reason", "state", "tool",
		"device", "fstype", "integration", "rule_group", "disarmed", "method", "kind", "hash",
	}
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range shipped(t) {
		if alert["severity"] == "none" || alert["severity"] == "info" {
			continue
		}
		for _, route := range root.Match(alert) {
			for label := range alert {
				if _, grouped := route.RouteOpts.GroupBy[label]; !grouped && !slices.Contains(details, label) {
					t.Errorf("%s: alerts that differ in %s share a group", name(alert), label)
				}
			}
		}
	}
}

// Trap: an alert that resolves while it is silenced is taken for still firing,
// and its next incident is not told before repeat_interval.
func TestCriticalAlertsRepeatWithinAnHour(t *testing.T) {
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range shipped(t) {
		for _, route := range root.Match(alert) {
			if alert["severity"] == "critical" && route.RouteOpts.RepeatInterval > time.Hour {
				t.Errorf("%s: %s repeats after %v", name(alert), route.RouteOpts.Receiver, route.RouteOpts.RepeatInterval)
			}
		}
	}
}

// Trap: a repeat interval below group_interval is rounded up, and the dead
// man's switch would find the heartbeat too slow.
func TestTheWatchdogBeatsEveryMinute(t *testing.T) {
	routes := dispatch.NewRoute(load(t).Route, nil).Match(model.LabelSet{"alertname": "Watchdog", "severity": "none"})
	if len(routes) != 1 {
		t.Fatalf("%d routes", len(routes))
	}
	o := routes[0].RouteOpts
	if o.GroupWait != 0 || o.GroupInterval > time.Minute || o.RepeatInterval > o.GroupInterval {
		t.Errorf("wait %v, interval %v, repeat %v", o.GroupWait, o.GroupInterval, o.RepeatInterval)
	}
}

func TestEscalationByHandReachesThatReceiverAlone(t *testing.T) {
	config := load(t)
	root := dispatch.NewRoute(config.Route, nil)
	for _, receiver := range config.Receivers {
		if receiver.Name == "nobody" || receiver.Name == "watchdog" {
			continue
		}
		for _, alert := range shipped(t) {
			if alert["severity"] == "none" {
				continue
			}
			copied := alert.Clone()
			copied["escalate"] = model.LabelValue(receiver.Name)
			if got, want := ladder(root, copied), []step{{receiver.Name, 0}}; !slices.Equal(got, want) {
				t.Errorf("%s escalated to %s: told %v", name(alert), receiver.Name, got)
			}
		}
	}
}

const (
	tableBegin = "<!-- Generated by `go test ./alertmanager -update`; do not edit. -->\n"
	tableEnd   = "<!-- End of the generated part. -->\n"
	docs       = "../docs/alerting.md"
)

func TestDocumentedTable(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(text, []byte(tableBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		t.Fatalf("%s: the marks around the generated part are gone", docs)
	}
	want := slices.Concat(before, []byte(tableBegin), table(t), []byte(tableEnd), after)
	if bytes.Equal(text, want) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: run `go test ./alertmanager -update`", docs)
	}
	if err := os.WriteFile(docs, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(t *testing.T) []byte {
	root := dispatch.NewRoute(load(t).Route, nil)
	rows := map[string]bool{}
	for _, alert := range shipped(t) {
		rows[fmt.Sprintf("| %s | %s | %s | [%s](runbooks/%s.md) |\n", alert["component"], alert["severity"],
			describe(ladder(root, alert)), alert["alertname"], strings.ToLower(string(alert["alertname"])))] = true
	}
	var out bytes.Buffer
	out.WriteString("\n| component | severity | who is told, and when if it still fires unacknowledged | alert |\n| --- | --- | --- | --- |\n")
	sorted := make([]string, 0, len(rows))
	for row := range rows {
		sorted = append(sorted, row)
	}
	slices.Sort(sorted)
	for _, row := range sorted {
		out.WriteString(row)
	}
	out.WriteString("\n")
	return out.Bytes()
}

func describe(steps []step) string {
	var parts []string
	for i, s := range steps {
		when := model.Duration(s.wait).String()
		if i > 0 && steps[i-1].wait == s.wait {
			parts[len(parts)-1] += ", " + s.receiver
			continue
		}
		parts = append(parts, when+": "+s.receiver)
	}
	return strings.Join(parts, "; ")
}
