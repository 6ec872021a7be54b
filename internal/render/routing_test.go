// SPDX-License-Identifier: Apache-2.0

package render

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"
)

// people replaces channels by people, as an installation may.
const people = `
alertmanager:
  version: "0.33"
  smtp: {smarthost: "127.0.0.1:25", from: dbsync@erp.test}
  business_hours: {location: Asia/Shanghai}
  receivers:
    slack_dev: {slack: {url: "http://127.0.0.1:1/"}}
    li: {email: {to: [li@erp.test]}, telegram: {bot_token: t, chat_id: 1}}
    wang: {pagerduty: {routing_key: k}}
    boss: {email: {to: [boss@erp.test]}}
  escalation:
    - {after: 10m, receivers: [li], during: business_hours}
    - {after: 20m, receivers: [wang], during: off_hours}
    - {after: 30m, receivers: [li, boss]}
`

// told lists who is told of an alert, as receiver@wait.
func told(t *testing.T, out Output, labels model.LabelSet) []string {
	t.Helper()
	var all []string
	for _, route := range dispatch.NewRoute(mustLoad(t, out).Route, nil).Match(labels) {
		all = append(all, route.RouteOpts.Receiver+"@"+model.Duration(route.RouteOpts.GroupWait).String())
	}
	return all
}

func mustRender(t *testing.T, text string) Output {
	t.Helper()
	out, err := AlertmanagerConfig(committedConfig(t), mustParse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLevelsAreListsOfPeople(t *testing.T) {
	out := mustRender(t, people)
	// Nobody of the row has values but slack_dev, and li is told once.
	for _, c := range []struct {
		labels model.LabelSet
		want   []string
	}{
		{model.LabelSet{"severity": "critical", "rule_id": "migration_failure"}, []string{"slack_dev@0s", "li@10m", "wang@20m", "boss@30m"}},
		{model.LabelSet{"severity": "warning", "component": "mysql"}, []string{"slack_dev@15s"}},
		// Its row has nobody left, so that the first level is told at once.
		{model.LabelSet{"severity": "critical", "rule_id": "disk_space_low"}, []string{"li@0s", "wang@20m", "boss@30m"}},
		{model.LabelSet{"severity": "warning", "component": "host"}, []string{"slack_dev@15s"}},
	} {
		if got := told(t, out, c.labels); !slices.Equal(got, c.want) {
			t.Errorf("%v: told %v, want %v", c.labels, got, c.want)
		}
	}
	for _, want := range []string{"disk_space_low\": li is told at once instead of after 10m", "receiver sms_oncall drops out"} {
		if !slices.ContainsFunc(out.Notes, func(n string) bool { return strings.Contains(n, want) }) {
			t.Errorf("no note says %q: %q", want, out.Notes)
		}
	}
}

func TestRulesOfOnesOwnNameWhoIsTold(t *testing.T) {
	out := mustRender(t, people)
	for _, c := range []struct {
		labels model.LabelSet
		want   []string
	}{
		{model.LabelSet{"notify": "wang", "severity": "info"}, []string{"wang@0s"}},
		{model.LabelSet{"notify": "boss,li", "notify_after": "15m"}, []string{"boss@15m", "li@15m"}},
		// li is told at once, and not again by the escalation.
		{model.LabelSet{"notify": "li", "severity": "critical"}, []string{"li@0s", "wang@20m", "boss@30m"}},
		// Part of a name is not the name, and a name nobody has is still told to somebody.
		{model.LabelSet{"notify": "wangli"}, []string{"slack_dev@0s"}},
	} {
		got := told(t, out, c.labels)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: told %v, want %v", c.labels, got, c.want)
		}
	}
}

func TestLevelsKeepTheirHours(t *testing.T) {
	out := mustRender(t, strings.Replace(people, "  version", "  warnings: business_hours\n  version", 1))
	config := mustLoad(t, out)
	intervals := map[string][]timeinterval.TimeInterval{}
	for _, interval := range config.TimeIntervals {
		intervals[interval.Name] = interval.TimeIntervals
	}
	intervener := timeinterval.NewIntervener(intervals)
	zone := time.FixedZone("UTC+8", 8*3600)
	monday, night := time.Date(2026, 11, 23, 10, 0, 0, 0, zone), time.Date(2026, 11, 23, 22, 0, 0, 0, zone)
	saturday := time.Date(2026, 11, 28, 10, 0, 0, 0, zone)
	for _, c := range []struct {
		labels model.LabelSet
		at     time.Time
		want   []string
	}{
		{model.LabelSet{"severity": "critical", "rule_id": "migration_failure"}, monday, []string{"slack_dev", "li", "boss"}},
		{model.LabelSet{"severity": "critical", "rule_id": "migration_failure"}, night, []string{"slack_dev", "wang", "boss"}},
		{model.LabelSet{"severity": "critical", "rule_id": "migration_failure"}, saturday, []string{"slack_dev", "wang", "boss"}},
		{model.LabelSet{"severity": "warning", "component": "mysql"}, monday, []string{"slack_dev"}},
		{model.LabelSet{"severity": "warning", "component": "mysql"}, night, nil},
	} {
		var got []string
		for _, route := range dispatch.NewRoute(config.Route, nil).Match(c.labels) {
			o := route.RouteOpts
			muted, _, err := intervener.Mutes(o.MuteTimeIntervals, c.at)
			if err != nil {
				t.Fatal(err)
			}
			active := len(o.ActiveTimeIntervals) == 0
			if !active {
				if active, _, err = intervener.Mutes(o.ActiveTimeIntervals, c.at); err != nil {
					t.Fatal(err)
				}
			}
			if active && !muted {
				got = append(got, o.Receiver)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v at %v: told %v, want %v", c.labels, c.at, got, c.want)
		}
	}
}

func TestTheTableCanBeReplaced(t *testing.T) {
	out := mustRender(t, people+`
  rows:
    - {severity: critical, match: ['instance=~"crm-.+"'], told: [boss]}
    - {severity: critical, told: [wang]}
    - {severity: warning, told: [slack_dev, li], wait: 15s}
`)
	for _, c := range []struct {
		labels model.LabelSet
		first  string
	}{
		{model.LabelSet{"severity": "critical", "instance": "crm-1"}, "boss@0s"},
		{model.LabelSet{"severity": "critical", "instance": "erp"}, "wang@0s"},
		{model.LabelSet{"severity": "warning"}, "slack_dev@15s"},
	} {
		if got := told(t, out, c.labels); len(got) == 0 || got[0] != c.first {
			t.Errorf("%v: told %v, want %s first", c.labels, got, c.first)
		}
	}
}

func TestNoEscalation(t *testing.T) {
	out := mustRender(t, strings.Split(people, "  escalation:")[0]+"  escalation: []\n")
	want := []string{"slack_dev@0s"}
	if got := told(t, out, model.LabelSet{"severity": "critical", "rule_id": "migration_failure"}); !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// Rendering what was rendered changes nothing: the file may be rendered over
// itself, and the generated parts depend on the values alone.
func TestRenderingIsIdempotent(t *testing.T) {
	for _, text := range []string{everything, people} {
		v := mustParse(t, text)
		v.Alertmanager.Scale = 0 // else the root's waits shrink each time
		first, err := AlertmanagerConfig(committedConfig(t), v)
		if err != nil {
			t.Fatal(err)
		}
		second, err := AlertmanagerConfig(first.Text, v)
		if err != nil {
			t.Fatal(err)
		}
		if string(first.Text) != string(second.Text) {
			t.Errorf("the second time differs:\n%s\nfirst:\n%s", second.Text, first.Text)
		}
	}
}
