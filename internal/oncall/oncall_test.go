// SPDX-License-Identifier: Apache-2.0

//go:build unix

package oncall_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/oncall"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// eachEdition runs a test with the oldest and the newest Alertmanager, all
// tests at once: they wait more than they work.
func eachEdition(t *testing.T, test func(t *testing.T, edition sandbox.Edition)) {
	t.Parallel()
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			t.Parallel()
			test(t, edition)
		})
	}
}

// down is a critical alert with a whole ladder of levels.
func down(instance string) map[string]string {
	return alertlab.Labels("alertname", "MySQLDown", "instance", instance,
		"severity", "critical", "component", "mysql", "rule_id", "mysql_down")
}

// slow makes the repeat interval long beside everything else.
func slow(a *render.Alertmanager) { a.Scale = 0.006 }

// crew is a cluster of one, without any caution.
func crew(t *testing.T, lab *alertlab.Lab) *oncall.Cluster {
	t.Helper()
	return crewWith(t, oncall.Options{URLs: []string{lab.Alertmanager.URL()}, Settle: time.Nanosecond})
}

func crewWith(t *testing.T, options oncall.Options) *oncall.Cluster {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	options.HTTP = &http.Client{Transport: transport}
	c, err := oncall.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// within bounds what a test asks of an Alertmanager.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// find waits for the alert with these labels.
func find(t *testing.T, c *oncall.Cluster, labels map[string]string) oncall.Alert {
	t.Helper()
	var found oncall.Alert
	testenv.Eventually(t, 10*time.Second, "the alert is listed", func() error {
		alerts, err := c.Alerts(within(t))
		for _, a := range alerts {
			if a.Is(oncall.Alert{Labels: labels}) {
				found = a
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("listed: %v", alerts))
	})
	return found
}

func acknowledge(t *testing.T, c *oncall.Cluster, labels map[string]string, lasting time.Duration, extend bool) string {
	t.Helper()
	id, err := c.Acknowledge(within(t), find(t, c, labels), "li", "looking into it", lasting, extend)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func reconcile(t *testing.T, c *oncall.Cluster) oncall.Report {
	t.Helper()
	report, err := c.Reconcile(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAcknowledgingStopsTheEscalationAndTakingItBackLetsItGoOn(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		c := crew(t, lab)
		lab.Fire(t, down("db1"))
		lab.Fire(t, down("db2"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		acknowledge(t, c, down("db1"), time.Hour, true)
		if a := find(t, c, down("db1")); len(a.SilencedBy) != 1 {
			t.Errorf("silenced by %v", a.SilencedBy)
		}
		lab.WaitTold(t, "sms_oncall", "firing", down("db2"), 1) // so much time has gone
		if told := alertlab.Receivers(lab.Notices(t, down("db1")), "firing"); len(told) != 2 {
			t.Errorf("told in spite of the acknowledgement: %v", told)
		}
		if n, err := c.Unacknowledge(within(t), oncall.Alert{Labels: down("db1")}); n != 1 || err != nil {
			t.Fatalf("taken back: %d, %v", n, err)
		}
		lab.WaitTold(t, "webhook_oncall", "firing", down("db1"), 1)
		lab.WaitTold(t, "sms_oncall", "firing", down("db1"), 1)
	})
}

// What acknowledging leaves behind is understood by other programs, and by
// another instance of this one.
func TestAnAcknowledgementIsReadBack(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		c := crew(t, lab)
		fired := lab.Fire(t, down("db1"))
		id := acknowledge(t, c, down("db1"), 40*time.Minute, true)
		acks, err := crew(t, lab).Acks(within(t))
		if err != nil || len(acks) != 1 {
			t.Fatalf("%v, %v", acks, err)
		}
		a := acks[0]
		if a.ID != id || a.By != "li" || a.Reason != "looking into it" || a.Extend != 40*time.Minute ||
			!(oncall.Alert{Labels: a.Labels}).Is(oncall.Alert{Labels: down("db1")}) || a.StartsAt.Sub(fired.StartsAt).Abs() > time.Millisecond {
			t.Errorf("read back: %+v", a)
		}
		// Again: longer, by somebody else, and still one.
		again, err := c.Acknowledge(within(t), find(t, c, down("db1")), "wang", "", time.Hour, false)
		if err != nil {
			t.Fatal(err)
		}
		acks, err = c.Acks(within(t))
		if err != nil || len(acks) != 1 || acks[0].ID != again || acks[0].By != "wang" || acks[0].Extend != 0 {
			t.Errorf("acknowledged again: %+v, %v", acks, err)
		}
	})
}

// Trap: an alert that ends while it is silenced is taken for still firing, and
// its next incident is not told before repeat_interval. Reconcile prevents it.
func TestTheIncidentAfterTheAcknowledgedOne(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		for _, reconciled := range []bool{true, false} {
			t.Run(fmt.Sprintf("reconciled=%v", reconciled), func(t *testing.T) {
				t.Parallel()
				lab := alertlab.Start(t, edition, slow)
				c := crew(t, lab)
				first := lab.Fire(t, down("db1"))
				lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
				acknowledge(t, c, down("db1"), time.Hour, true)
				lab.Resolve(t, first)
				intervalsPass(t, lab) // Alertmanager has looked at the group with what is over in it
				if reconciled {
					if report := reconcile(t, c); len(report.Ended) != 1 {
						t.Fatalf("%+v", report)
					}
					lab.WaitTold(t, "slack_ops", "resolved", down("db1"), 1)
					lab.WaitTold(t, "email_admin", "resolved", down("db1"), 1)
				} else {
					clear(t, c)
				}
				second := lab.Fire(t, down("db1"))
				if reconciled {
					lab.WaitTold(t, "slack_ops", "firing", down("db1"), 2)
				}
				lab.WaitTold(t, "webhook_oncall", "firing", down("db1"), 1) // the level of five minutes
				before := 0
				for _, n := range lab.Notices(t, down("db1")) {
					if n.Receiver == "slack_ops" && n.Status == "firing" && n.At.After(second.StartsAt) {
						before++
					}
					if n.Status == "resolved" && n.Receiver != "slack_ops" && n.Receiver != "email_admin" {
						t.Errorf("who was never told hears that it is over: %v", n)
					}
				}
				if told := before > 0; told != reconciled {
					t.Errorf("slack_ops is told of the second incident before the level of five minutes: %v", told)
				}
			})
		}
	})
}

// In a cluster each member has silences and alerts of its own that must agree.
func TestTheIncidentAfterTheAcknowledgedOneInACluster(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.StartCluster(t, edition, 2, func(a *render.Alertmanager) { a.Scale = 0.1 })
		c := crewWith(t, oncall.Options{URLs: lab.URLs(), Settle: time.Nanosecond})
		first := lab.Fire(t, down("db1"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		membersPass(t, lab, "an early clock")
		acknowledge(t, c, down("db1"), time.Hour, true)
		testenv.Eventually(t, 10*time.Second, "both members know the acknowledgement", func() error {
			for _, url := range lab.URLs() {
				alone := crewWith(t, oncall.Options{URLs: []string{url}, Settle: time.Nanosecond})
				if a := find(t, alone, down("db1")); len(a.SilencedBy) != 1 {
					return fmt.Errorf("%s: %v", url, a.SilencedBy)
				}
			}
			return nil
		})
		lab.Resolve(t, first)
		if report := reconcile(t, c); len(report.Ended) != 1 {
			t.Fatalf("%+v", report)
		}
		lab.WaitTold(t, "slack_ops", "resolved", down("db1"), 1)
		membersPass(t, lab, "a late clock")
		second := lab.Fire(t, down("db1"))
		told := lab.WaitTold(t, "slack_ops", "firing", down("db1"), 2)
		level := lab.WaitTold(t, "webhook_oncall", "firing", down("db1"), 1)
		if !told.At.Before(level.At) || told.At.Before(second.StartsAt) {
			t.Errorf("told %v, the level after it %v", told, level)
		}
		if n := len(lab.Notices(t, down("db1"))); n != 7 { // two receivers thrice, the level once
			t.Errorf("%d notices: %v", n, lab.Notices(t, down("db1")))
		}
	})
}

// membersPass waits until each member in turn has looked at what happened: one
// that is still about to would tell it again, after what came next. The second
// level of the alert that it waits for is later than any member's turn.
func membersPass(t *testing.T, lab *alertlab.Cluster, instance string) {
	t.Helper()
	clock := alertlab.Labels("alertname", "BackupFailure", "instance", instance, "severity", "warning", "rule_id", "backup_failure")
	lab.Fire(t, clock)
	lab.WaitTold(t, "email_admin", "firing", clock, 1)
}

// intervalsPass waits until another alert has climbed to its second level, five
// intervals of a group after the first.
func intervalsPass(t *testing.T, lab *alertlab.Lab) {
	t.Helper()
	clock := down("a clock")
	lab.Fire(t, clock)
	lab.WaitTold(t, "webhook_oncall", "firing", clock, 1)
}

// clear deletes the silences without a word to the receivers.
func clear(t *testing.T, c *oncall.Cluster) {
	t.Helper()
	if n, err := c.Unacknowledge(within(t), oncall.Alert{Labels: down("db1")}); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
}

// The same for inhibition: critical routes repeat within the hour, so that the
// blind time is bounded.
func TestWhatEndedWhileInhibitedIsToldWithinTheRepeatInterval(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		stopped := alertlab.Labels("alertname", "MySQLReplicationStopped", "instance", "db1",
			"severity", "critical", "component", "mysql", "rule_id", "mysql_replication_stopped")
		first := lab.Fire(t, stopped)
		told := lab.WaitTold(t, "slack_ops", "firing", stopped, 1)
		cause := lab.Fire(t, down("db1"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		lab.Resolve(t, first)
		lab.WaitTold(t, "webhook_oncall", "firing", down("db1"), 1) // intervals of the group have gone by
		lab.Resolve(t, cause)
		lab.WaitTold(t, "slack_ops", "resolved", down("db1"), 1)
		lab.Fire(t, stopped)
		again := lab.WaitTold(t, "slack_ops", "firing", stopped, 2)
		t.Logf("told again %v after the first time; the repeat interval is %v", again.At.Sub(told.At), alertlab.Wait(time.Hour))
	})
}

func TestAcknowledgementsLastAsLongAsTheirAlert(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, slow)
		c := crew(t, lab)
		lab.Fire(t, down("db1"))
		lab.Fire(t, down("db2"))
		acknowledge(t, c, down("db1"), 2*time.Second, true)
		acknowledge(t, c, down("db2"), 2*time.Second, false)
		if report := reconcile(t, c); len(report.Extended) != 0 {
			t.Errorf("prolonged at once: %+v", report.Extended)
		}
		testenv.Eventually(t, 10*time.Second, "it is prolonged", func() error {
			if report := reconcile(t, c); len(report.Extended) != 1 {
				return fmt.Errorf("%+v", report)
			}
			return nil
		})
		// The one that is not prolonged runs out, and the next level is told.
		testenv.Eventually(t, 20*time.Second, "webhook_oncall is told of db2", func() error {
			reconcile(t, c)
			if told := alertlab.Receivers(lab.Notices(t, down("db2")), "firing"); !slices.Contains(told, "webhook_oncall") {
				return fmt.Errorf("told: %v", told)
			}
			return nil
		})
		if told := alertlab.Receivers(lab.Notices(t, down("db1")), "firing"); slices.Contains(told, "webhook_oncall") {
			t.Errorf("the prolonged acknowledgement let it through: %v", told)
		}
		if acks, err := c.Acks(within(t)); err != nil || len(acks) != 1 || acks[0].Labels["instance"] != "db1" {
			t.Errorf("left: %+v, %v", acks, err)
		}
	})
}

// Whoever is told by hand is told in spite of an acknowledgement, hears that it
// is over, and an acknowledgement after it covers the copy too.
func TestEscalatingByHand(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, slow)
		c := crewWith(t, oncall.Options{URLs: []string{lab.Alertmanager.URL()}, Settle: time.Nanosecond, Keep: 3 * time.Second})
		first := lab.Fire(t, down("db1"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		acknowledge(t, c, down("db1"), time.Hour, true)
		if err := c.Escalate(within(t), find(t, c, down("db1")), "push_oncall", "li", "needs two"); err != nil {
			t.Fatal(err)
		}
		notice := lab.WaitTold(t, "push_oncall", "firing", down("db1"), 1)
		if told := alertlab.Receivers(lab.Notices(t, down("db1")), "firing"); len(told) != 3 {
			t.Errorf("told: %v, want the two of the row and the one by hand", told)
		}
		// The copy outlives its own time while its alert fires.
		escalated := find(t, c, notice.Labels)
		testenv.Eventually(t, 10*time.Second, "the copy is kept", func() error {
			report := reconcile(t, c)
			if a := find(t, c, notice.Labels); !a.EndsAt.After(escalated.EndsAt) || len(report.Kept) != 1 {
				return fmt.Errorf("%v, %+v", a.EndsAt, report)
			}
			return nil
		})
		acknowledge(t, c, down("db1"), time.Hour, true)
		if a := find(t, c, notice.Labels); len(a.SilencedBy) == 0 {
			t.Errorf("the copy is not muted by the acknowledgement after it")
		}
		lab.Resolve(t, first)
		testenv.Eventually(t, 10*time.Second, "all is closed", func() error {
			reconcile(t, c)
			acks, err := c.Acks(within(t))
			if err != nil || len(acks) > 0 {
				return fmt.Errorf("%+v, %w", acks, err)
			}
			return nil
		})
		reconcile(t, c)
		lab.WaitTold(t, "push_oncall", "resolved", down("db1"), 1)
		lab.WaitTold(t, "slack_ops", "resolved", down("db1"), 1)
	})
}

func TestEscalatingToNobody(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		c := crew(t, lab)
		lab.Fire(t, down("db1"))
		err := c.Escalate(within(t), find(t, c, down("db1")), "push_oncal", "li", "")
		if err == nil || !strings.Contains(err.Error(), `no receiver "push_oncal"`) || !strings.Contains(err.Error(), "push_oncall") {
			t.Errorf("got %v", err)
		}
	})
}

// After a restart Alertmanager knows its silences and no alert. That is no
// recovery: an acknowledgement must not end, and nobody hear "resolved".
func TestARestartIsNoRecovery(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, slow)
		c := crewWith(t, oncall.Options{URLs: []string{lab.Alertmanager.URL()}, Settle: time.Hour})
		lab.Fire(t, down("db1"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		acknowledge(t, c, down("db1"), time.Hour, true)
		if err := lab.Alertmanager.Restart(within(t)); err != nil {
			t.Fatal(err)
		}
		report := reconcile(t, c)
		if len(report.Ended) > 0 || !strings.Contains(report.Uncertain, "after a restart") {
			t.Errorf("%+v", report)
		}
		if acks, err := c.Acks(within(t)); err != nil || len(acks) != 1 {
			t.Errorf("left: %+v, %v", acks, err)
		}
	})
}

// Where Prometheus is cut off, everything seems to be over.
func TestSilenceOfPrometheusIsNoRecovery(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, slow)
		c := crewWith(t, oncall.Options{URLs: []string{lab.Alertmanager.URL()}, Settle: time.Nanosecond, Witness: oncall.DefaultWitness})
		first := lab.Fire(t, down("db1"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		acknowledge(t, c, down("db1"), time.Hour, true)
		lab.Resolve(t, first)
		if report := reconcile(t, c); len(report.Ended) > 0 || !strings.Contains(report.Uncertain, "Watchdog does not fire") {
			t.Errorf("%+v", report)
		}
		watchdog := alertlab.Labels("alertname", "Watchdog", "severity", "none")
		lab.Fire(t, watchdog)
		find(t, c, watchdog)
		if report := reconcile(t, c); len(report.Ended) != 1 || report.Uncertain != "" {
			t.Errorf("%+v", report)
		}
	})
}

// Two reconcilers at once do what one does.
func TestReconcilingTwiceAtOnce(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, slow)
		c := crew(t, lab)
		first := lab.Fire(t, down("db1"))
		lab.WaitTold(t, "slack_ops", "firing", down("db1"), 1)
		acknowledge(t, c, down("db1"), time.Hour, true)
		lab.Resolve(t, first)
		errs := make(chan error)
		for range 4 {
			go func() {
				_, err := c.Reconcile(within(t))
				errs <- err
			}()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		lab.WaitTold(t, "slack_ops", "resolved", down("db1"), 1)
		lab.Fire(t, down("db1"))
		lab.WaitTold(t, "webhook_oncall", "firing", down("db1"), 1)
		resolved := 0
		for _, n := range lab.Notices(t, down("db1")) {
			if n.Receiver == "slack_ops" && n.Status == "resolved" {
				resolved++
			}
		}
		if resolved != 1 {
			t.Errorf("slack_ops hears %d times that it is over", resolved)
		}
	})
}

func TestNobodyToAsk(t *testing.T) {
	for _, urls := range [][]string{nil, {"alertmanager:9093"}, {"ftp://alertmanager"}} {
		if _, err := oncall.New(oncall.Options{URLs: urls}); err == nil {
			t.Errorf("%q is accepted", urls)
		}
	}
	c := crewWith(t, oncall.Options{URLs: []string{"http://user:secret@127.0.0.1:1"}})
	_, err := c.Alerts(within(t))
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
