// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is told twice, and when, is for the long run to say: a busy machine must not fail this.
func TestNoNotificationIsLostWhilePartsOfThePathDie(t *testing.T) {
	for _, find := range []func(sandbox.Edition) (sandbox.Program, error){sandbox.FindPrometheus, sandbox.FindAlertmanager} {
		program, err := find(sandbox.Old)
		testenv.Require(t, program, err)
	}
	p := plan{
		faults: 8, waits: waits{routes: 0.1, rules: 0.2}, every: 1200 * time.Millisecond, down: 17 * time.Second,
		hold: 6 * time.Second, pause: 2 * time.Second,
		only: map[string]bool{
			"an Alertmanager is killed": true, "a Prometheus is frozen": true, "a receiver refuses, briefly": true,
		},
	}
	found, err := measure(t.Context(), sandbox.Old, p, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	all := found.tallies()[""]
	if want := p.faults * len(told) * 2; all.expected != want || all.spells < 3 {
		t.Fatalf("%d notifications expected instead of %d, %d injections", all.expected, want, all.spells)
	}
	if all.lost > 0 {
		t.Errorf("%d of %d notifications were lost:\n%s", all.lost, all.expected, found.log())
	}
	if present := found.samples.expected - len(found.samples.both); present == 0 {
		t.Error("neither Prometheus has a sample")
	}
}

// Each notification that is missing, and each that came once more, is counted, at the injection that it belongs to.
func TestCount(t *testing.T) {
	start := time.Now()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	found := &result{
		faults: []fault{{"a", at(0), at(30)}, {"a", at(100), at(130)}},
		spells: []spell{{injection: injection{kind: "first"}, began: at(5)}, {injection: injection{kind: "second"}, began: at(90)}},
		notices: []notice{
			{at(12), at(10), "email_admin", "firing", "a"}, {at(13), at(10), "email_admin", "firing", "a"},
			{at(12), at(10), "slack_ops", "firing", "a"}, {at(35), at(10), "email_admin", "resolved", "a"},
			{at(120), at(110), "email_admin", "firing", "a"}, {at(120), at(110), "slack_ops", "firing", "a"},
			{at(140), at(110), "email_admin", "resolved", "a"}, {at(140), at(110), "slack_ops", "resolved", "a"},
		},
	}
	by := found.tallies()
	if all := by[""]; all.expected != 8 || all.lost != 1 || all.twice != 1 {
		t.Errorf("of all: %+v", *all)
	}
	if first := by["first"]; first.lost != 1 || first.twice != 1 {
		t.Errorf("of the first injection, after which a fault ended and a notice came again: %+v", *first)
	}
	if second := by["second"]; second.expected != 4 || second.lost != 0 || second.delivery[0] != 10*time.Second {
		t.Errorf("of the second: %+v", *second)
	}
}

// A sample that is missing in one Prometheus is there when the other has one of that interval.
func TestSamplesOfBothTogether(t *testing.T) {
	start := time.Now().Truncate(time.Second)
	series := func(phase time.Duration, gone ...int) []model.SamplePair {
		var all []model.SamplePair
		for i := range 10 {
			if !slices.Contains(gone, i) {
				all = append(all, model.SamplePair{Timestamp: model.TimeFromUnixNano(start.Add(time.Duration(i)*scrape + phase).UnixNano())})
			}
		}
		return all
	}
	var s samples
	s.compare(series(100*time.Millisecond, 3, 4), series(900*time.Millisecond, 4, 6), start, start.Add(10*scrape))
	if s.expected != 10 || s.missing != [prometheuses]int{2, 2} || len(s.both) != 1 {
		t.Errorf("%+v", s)
	}
}
