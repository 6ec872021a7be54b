// SPDX-License-Identifier: Apache-2.0

//go:build unix

package alertmanager_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// eachEdition runs a test with the oldest and the newest Alertmanager, all tests
// at once: they wait more than they work.
func eachEdition(t *testing.T, test func(t *testing.T, edition sandbox.Edition)) {
	t.Parallel()
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			t.Parallel()
			test(t, edition)
		})
	}
}

// The rows of the table, as who is told after how long.
var rows = []struct {
	name   string
	labels map[string]string
	told   []string
	waits  []time.Duration
}{
	{
		"migration_failure", alertlab.Labels("severity", "critical", "component", "migration", "rule_id", "migration_failure"),
		[]string{"email_admin", "slack_dev", "webhook_oncall", "sms_oncall", "push_oncall"},
		[]time.Duration{0, 0, 5 * time.Minute, 15 * time.Minute, time.Hour},
	},
	{
		"disk_space_low", alertlab.Labels("severity", "critical", "component", "host", "rule_id", "disk_space_low"),
		[]string{"email_admin", "slack_ops", "sms_oncall", "webhook_oncall", "push_oncall"},
		[]time.Duration{0, 0, 15 * time.Minute, 30 * time.Minute, time.Hour},
	},
	{
		"mysql_down", alertlab.Labels("severity", "critical", "component", "mysql", "rule_id", "mysql_down"),
		[]string{"email_admin", "slack_ops", "webhook_oncall", "sms_oncall", "push_oncall"},
		[]time.Duration{0, 0, 5 * time.Minute, 15 * time.Minute, time.Hour},
	},
	{
		"mysql_replication_stopped", alertlab.Labels("severity", "critical", "component", "mysql", "rule_id", "mysql_replication_stopped"),
		[]string{"email_admin", "slack_ops", "webhook_oncall", "sms_oncall", "push_oncall"},
		[]time.Duration{15 * time.Second, 15 * time.Second, 5 * time.Minute, 15 * time.Minute, time.Hour},
	},
	{
		"backup_failure", alertlab.Labels("severity", "warning", "component", "backup", "rule_id", "backup_failure"),
		[]string{"slack_ops", "email_admin"}, []time.Duration{15 * time.Second, 2 * time.Minute},
	},
	{
		"database_connections_high", alertlab.Labels("severity", "warning", "component", "mysql", "rule_id", "database_connections_high"),
		[]string{"slack_dev"}, []time.Duration{15 * time.Second},
	},
	{
		"query_performance_degraded", alertlab.Labels("severity", "warning", "component", "mysql", "rule_id", "query_performance_degraded"),
		[]string{"slack_dev"}, []time.Duration{15 * time.Second},
	},
	{
		"another warning", alertlab.Labels("severity", "warning", "component", "host", "rule_id", "host_memory_low"),
		[]string{"slack_ops"}, []time.Duration{15 * time.Second},
	},
	{"info", alertlab.Labels("severity", "info", "component", "monitoring", "rule_id", "rule_disarmed"), nil, nil},
	{
		"a rule of one's own", alertlab.Labels("severity", "warning", "notify", "push_oncall,slack_dev", "notify_after", "5m"),
		[]string{"push_oncall", "slack_dev"}, []time.Duration{5 * time.Minute, 5 * time.Minute},
	},
	{
		"escalated by hand", alertlab.Labels("severity", "critical", "rule_id", "migration_failure", "escalate", "sms_oncall"),
		[]string{"sms_oncall"}, []time.Duration{0},
	},
	{"a test", alertlab.Labels("severity", "info", "channel_test", "webhook_oncall"), []string{"webhook_oncall"}, []time.Duration{0}},
	{"unknown labels", alertlab.Labels("team", "theirs"), []string{"email_admin"}, []time.Duration{15 * time.Second}},
}

// Each row of the table is told to its receivers, in order, not before its
// time, to nobody else, and once; and who was told hears that it is over.
func TestEveryRowIsDelivered(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		fired := make([]alertlab.Alert, len(rows))
		for i, row := range rows {
			set := alertlab.Labels("alertname", "Row", "instance", row.name)
			for name, value := range row.labels {
				set[name] = value
			}
			fired[i] = lab.Fire(t, set)
		}
		// When the last level of the last row is told, all others were.
		lab.WaitTold(t, "push_oncall", "firing", alertlab.Labels("instance", "mysql_replication_stopped"), 1)
		// Before the first repeat.
		repeat := fired[0].StartsAt.Add(alertlab.Wait(55 * time.Minute))
		for i, row := range rows {
			var told []string
			for _, n := range lab.Notices(t, alertlab.Labels("instance", row.name)) {
				if n.At.Before(repeat) || n.Receiver == "push_oncall" && !slices.Contains(told, n.Receiver) {
					told = append(told, n.Receiver)
				}
				if at := slices.Index(row.told, n.Receiver); at >= 0 && n.At.Sub(fired[i].StartsAt) < alertlab.Wait(row.waits[at]) {
					t.Errorf("%s: %s is told after %v, and should wait %v", row.name, n.Receiver, n.At.Sub(fired[i].StartsAt), alertlab.Wait(row.waits[at]))
				}
			}
			inOrderOf(told, row.told, row.waits)
			if !slices.Equal(told, row.told) {
				t.Errorf("%s: told %v, want %v", row.name, told, row.told)
			}
		}
		for i, row := range rows {
			lab.Resolve(t, fired[i])
			for _, receiver := range row.told {
				lab.WaitTold(t, receiver, "resolved", alertlab.Labels("instance", row.name), 1)
			}
		}
	})
}

// inOrderOf sorts those that are told at the same moment as the row names them.
func inOrderOf(told, row []string, waits []time.Duration) {
	slices.SortStableFunc(told, func(a, b string) int {
		i, j := slices.Index(row, a), slices.Index(row, b)
		if i < 0 || j < 0 || waits[i] != waits[j] {
			return 0
		}
		return i - j
	})
}

// A silence stops whoever was not told yet, whoever made it.
func TestASilenceStopsTheEscalation(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		set := alertlab.Labels("alertname", "Down", "instance", "db1", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		other := alertlab.Labels("alertname", "Down", "instance", "db2", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		lab.Fire(t, set)
		lab.Fire(t, other)
		lab.WaitTold(t, "slack_ops", "firing", set, 1)
		amtool := testenv.Tool(t, edition, "amtool")
		program, args := amtool.Command("--alertmanager.url="+lab.Alertmanager.URL(), "silence", "add", "--author=li",
			"--comment=ACK! looking", "--duration=1h", "alertname=Down", "instance=db1")
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		// The other alert shows how far time has gone.
		lab.WaitTold(t, "sms_oncall", "firing", other, 1)
		if told := alertlab.Receivers(lab.Notices(t, set), "firing"); len(told) != 2 {
			t.Errorf("told in spite of the silence: %v", told)
		}
	})
}

// An alert that is over before a level is due never reaches it.
func TestWhatIsOverDoesNotEscalate(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		set := alertlab.Labels("alertname", "Down", "instance", "db1", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		other := alertlab.Labels("alertname", "Down", "instance", "db2", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		fired := lab.Fire(t, set)
		lab.WaitTold(t, "slack_ops", "firing", set, 1)
		lab.Resolve(t, fired)
		lab.WaitTold(t, "slack_ops", "resolved", set, 1)
		lab.Fire(t, other)
		lab.WaitTold(t, "webhook_oncall", "firing", other, 1)
		for _, n := range lab.Notices(t, set) {
			if n.Receiver != "slack_ops" && n.Receiver != "email_admin" {
				t.Errorf("a later level is told of what is over: %v", n)
			}
		}
	})
}

// A server that is down explains what else its database reports, and nothing
// of another server.
func TestInhibitionHolds(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		replication := func(instance string) map[string]string {
			return alertlab.Labels("alertname", "MySQLReplicationStopped", "instance", instance,
				"severity", "critical", "component", "mysql", "rule_id", "mysql_replication_stopped")
		}
		// The symptom is seen first, as it may be; its wait leaves time.
		lab.Fire(t, replication("db1"))
		lab.Fire(t, alertlab.Labels("alertname", "MySQLDown", "instance", "db1", "severity", "critical", "component", "mysql", "rule_id", "mysql_down"))
		lab.Fire(t, replication("db2"))
		lab.WaitTold(t, "webhook_oncall", "firing", replication("db2"), 1)
		if told := lab.Notices(t, replication("db1")); len(told) > 0 {
			t.Errorf("told of a symptom: %v", told)
		}
	})
}

// Trap: whoever joins a live group waits for its interval and shares its
// levels. Another schema is another incident and has a ladder of its own.
func TestALateIncidentHasItsOwnLadder(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, func(a *render.Alertmanager) { a.Scale = 0.006 })
		failure := func(schema string) map[string]string {
			return alertlab.Labels("alertname", "MigrationFailure", "instance", "db1", "schema", schema, "history", "h",
				"severity", "critical", "component", "migration", "rule_id", "migration_failure")
		}
		lab.Fire(t, failure("first"))
		lab.WaitTold(t, "webhook_oncall", "firing", failure("first"), 1)
		late := lab.Fire(t, failure("late"))
		told := lab.WaitTold(t, "slack_dev", "firing", failure("late"), 1)
		level := lab.WaitTold(t, "webhook_oncall", "firing", failure("late"), 1)
		if wait := level.At.Sub(late.StartsAt); wait < 2*alertlab.Wait(5*time.Minute) {
			t.Errorf("the second level of the late incident comes after %v", wait)
		}
		if !told.At.Before(level.At) {
			t.Errorf("told %v, the level after it %v", told, level)
		}
	})
}

// Trap: an alert that is older than a level's wait, as after an outage of
// Alertmanager, reaches all those levels at once.
func TestAnOldAlertReachesEveryLevelAtOnce(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, func(a *render.Alertmanager) { a.Scale = 1 })
		set := alertlab.Labels("alertname", "Down", "instance", "db1", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		lab.Post(t, alertlab.Alert{Labels: set, StartsAt: time.Now().Add(-20 * time.Minute), EndsAt: time.Now().Add(time.Hour)})
		for _, receiver := range []string{"email_admin", "slack_ops", "webhook_oncall", "sms_oncall"} {
			lab.WaitTold(t, receiver, "firing", set, 1) // 15 minutes and less, without a wait
		}
		if told := alertlab.Receivers(lab.Notices(t, set), "firing"); slices.Contains(told, "push_oncall") {
			t.Errorf("the level of an hour is told of what is 20 minutes old: %v", told)
		}
	})
}

// Trap: a reload begins the waits anew that are not over. The level comes late,
// but it comes, and nobody is told twice.
func TestAReloadDelaysALevelAndLosesNone(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		set := alertlab.Labels("alertname", "Down", "instance", "db1", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		lab.Fire(t, set)
		lab.WaitTold(t, "slack_ops", "firing", set, 1)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := lab.Alertmanager.Reload(ctx); err != nil {
			t.Fatal(err)
		}
		lab.WaitTold(t, "webhook_oncall", "firing", set, 1)
		lab.WaitTold(t, "sms_oncall", "firing", set, 1)
		for _, receiver := range []string{"email_admin", "slack_ops", "webhook_oncall", "sms_oncall"} {
			n := 0
			for _, notice := range lab.Notices(t, set) {
				if notice.Receiver == receiver {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s is told %d times", receiver, n)
			}
		}
	})
}

// Trap: a level's wait belongs to the group. An alert that ends and fires again
// inside it escalates counted from its first onset.
func TestAFlapEscalatesFromTheFirstOnset(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, func(a *render.Alertmanager) { a.Scale = 0.006 })
		set := alertlab.Labels("alertname", "Down", "instance", "db1", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		first := lab.Fire(t, set)
		lab.WaitTold(t, "slack_ops", "firing", set, 1)
		lab.Resolve(t, first)
		lab.WaitTold(t, "slack_ops", "resolved", set, 1)
		again := lab.Fire(t, set)
		told := lab.WaitTold(t, "webhook_oncall", "firing", set, 1)
		wait := 2 * alertlab.Wait(5*time.Minute)
		t.Logf("told %v after the first onset and %v after the second; the level waits %v",
			told.At.Sub(first.StartsAt), told.At.Sub(again.StartsAt), wait)
		if told.At.Sub(first.StartsAt) < wait {
			t.Errorf("told before the wait was over, counted from the first onset")
		}
	})
}

func TestTheWatchdogBeats(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		set := alertlab.Labels("alertname", "Watchdog", "severity", "none", "rule_id", "watchdog", "component", "monitoring")
		lab.Fire(t, set)
		first := lab.WaitTold(t, "watchdog", "firing", set, 1)
		if next := lab.WaitTold(t, "watchdog", "firing", set, 3); next.At.Sub(first.At) < alertlab.Wait(time.Minute) {
			t.Errorf("three beats within %v", next.At.Sub(first.At))
		}
		if told := alertlab.Receivers(lab.Notices(t, set), "firing"); !slices.Equal(told, []string{"watchdog"}) {
			t.Errorf("people are told of the watchdog: %v", told)
		}
	})
}

// The alerts as the rules really send them find the receivers that the library
// finds for them.
func TestShippedAlertsAreTold(t *testing.T) {
	examples, err := rulefile.Examples(os.DirFS("../rules/tests"), "*.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		want := map[string]string{"critical": "email_admin", "warning": "", "none": "watchdog"}
		for i, example := range examples {
			set := map[string]string{}
			example.Range(func(l labels.Label) { set[l.Name] = l.Value })
			set["instance"] = fmt.Sprintf("server-%d", i) // no other explains it
			lab.Fire(t, set)
		}
		for i, example := range examples {
			receiver := want[example.Get("severity")]
			if receiver == "" {
				continue // dashboards, or one of two chats
			}
			lab.WaitTold(t, receiver, "firing", alertlab.Labels("instance", fmt.Sprintf("server-%d", i)), 1)
		}
	})
}

// A member that dies between two levels takes none with it, and nobody is told
// twice.
func TestAClusterLosesNoLevel(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		c := alertlab.StartCluster(t, edition, 3, func(a *render.Alertmanager) { a.Scale = 0.02 })
		set := alertlab.Labels("alertname", "Down", "instance", "db1", "severity", "critical", "rule_id", "mysql_down", "component", "mysql")
		c.Fire(t, set)
		c.WaitTold(t, "slack_ops", "firing", set, 1)
		c.WaitTold(t, "email_admin", "firing", set, 1)
		c.WaitGossip(t, 0, 2)
		c.Kill(t, 0) // the one that notifies
		c.WaitTold(t, "webhook_oncall", "firing", set, 1)
		c.WaitTold(t, "sms_oncall", "firing", set, 1)
		told := map[string]int{}
		for _, n := range c.Notices(t, set) {
			told[n.Receiver]++
		}
		for _, receiver := range []string{"email_admin", "slack_ops", "webhook_oncall", "sms_oncall"} {
			if told[receiver] != 1 {
				t.Errorf("%s is told %d times", receiver, told[receiver])
			}
		}
	})
}
