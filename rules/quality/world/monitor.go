// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math"
	"math/rand/v2"
	"time"
)

// The faults of the monitoring itself.
var (
	exporterDown = Fault{RuleID: "exporter_down", Lasting: 2 * time.Minute, Within: 150 * time.Second, Page: true}
	collectorBad = Fault{RuleID: "collector_failing", Lasting: 5*time.Minute + 30*time.Second, Within: 7 * time.Minute}
	sourceBad    = Fault{RuleID: "source_failing", Lasting: 5*time.Minute + 30*time.Second, Within: 7 * time.Minute}
	stale        = Fault{RuleID: "snapshot_stale", Lasting: 5*time.Minute + 30*time.Second, Within: 7 * time.Minute}
	configBad    = Fault{RuleID: "exporter_config_reload_failed", Lasting: 90 * time.Second, Within: 150 * time.Second}
	undelivered  = Fault{RuleID: "alertmanager_notifications_failing", Lasting: 3 * time.Minute, Within: 4 * time.Minute, Page: true}
	unsent       = Fault{RuleID: "prometheus_not_sending_alerts", Lasting: 3 * time.Minute, Within: 5 * time.Minute, Page: true}
	ruleFailed   = Fault{RuleID: "prometheus_rule_failures", Lasting: time.Minute, Within: 2 * time.Minute, Page: true}

	monitorFaults = []Fault{exporterDown, collectorBad, sourceBad, stale, configBad, undelivered, unsent, ruleFailed}
)

// monitor is an exporter, a Prometheus and an Alertmanager that watch themselves.
type monitor struct {
	random *rand.Rand
	life   []effect[monitorState]
	state  monitorState

	sent, sendErrors, notified, failed, evaluationFailures float64
	snapshot                                               time.Time
}

type monitorState struct {
	answers                 bool // the exporter
	collector, source, load bool // are fine
	snapshots               bool // are made
	alertmanagers           float64
	sendFails               float64 // part
	notifyFails             float64 // part
	evaluationFails         bool
}

const snapshotEvery = time.Minute

func newMonitor(random *rand.Rand, from time.Time) *monitor {
	return &monitor{random: random, snapshot: from}
}

func (*monitor) job() string { return "dbsync" }

// silent says that a scrape gets no answer.
func (m *monitor) silent() bool { return !m.state.answers }

func (m *monitor) step(now time.Time, holds func(Fault)) {
	st := monitorState{answers: true, collector: true, source: true, load: true, snapshots: true, alertmanagers: 1}
	for _, e := range m.life {
		if e.Has(now) {
			e.do(&st, now)
		}
	}
	m.state = st
	m.sent += .5
	m.sendErrors += .5 * st.sendFails
	m.notified += .2
	m.failed += .2 * st.notifyFails
	if st.evaluationFails {
		m.evaluationFailures++
	}
	if st.snapshots && now.Sub(m.snapshot) >= snapshotEvery {
		m.snapshot = now
	}
	for _, f := range []struct {
		Fault
		holds bool
	}{
		{exporterDown, !st.answers},
		{collectorBad, st.answers && !st.collector},
		{sourceBad, st.answers && !st.source},
		{stale, st.answers && now.Sub(m.snapshot) > 5*time.Minute},
		{configBad, st.answers && !st.load},
		{undelivered, st.notifyFails > .3},
		{unsent, st.alertmanagers < 1 || st.sendFails > .9},
		{ruleFailed, st.evaluationFails},
	} {
		if f.holds {
			holds(f.Fault)
		}
	}
}

func (m *monitor) sample(_ time.Time, set setter) {
	st := &m.state
	set("mysql_up", 1)
	set("dbsync_collector_success", flag(st.collector), "collector", "mysql.locks")
	set("dbsync_source_success", flag(st.source), "collector", "backup", "source", "nightly")
	set("dbsync_collector_success", flag(st.source), "collector", "backup")
	set("dbsync_collector_snapshot_timestamp_seconds", unix(m.snapshot), "collector", "mysql.variables")
	set("dbsync_collector_snapshot_interval_seconds", snapshotEvery.Seconds(), "collector", "mysql.variables")
	set("dbsync_config_last_reload_successful", flag(st.load))
	set("prometheus_notifications_alertmanagers_discovered", st.alertmanagers)
	set("prometheus_notifications_sent_total", math.Floor(m.sent), "alertmanager", "http://a:9093/api/v2/alerts")
	set("prometheus_notifications_errors_total", math.Floor(m.sendErrors), "alertmanager", "http://a:9093/api/v2/alerts")
	set("alertmanager_notifications_total", math.Floor(m.notified), "integration", "email")
	set("alertmanager_notifications_failed_total", math.Floor(m.failed), "integration", "email", "reason", "serverError")
	set("prometheus_rule_evaluation_failures_total", m.evaluationFailures, "rule_group", "dbsync_mysql")
}

// ordinary is what happens to a monitoring that is well.
func (m *monitor) ordinary(span Span) {
	event := func(low, high float64, do func(*monitorState, time.Time)) {
		from := span.From.Add(time.Duration(m.random.Int64N(int64(span.Length())))).Truncate(Tick)
		length := time.Duration((low + (high-low)*m.random.Float64()) * float64(time.Minute)).Truncate(Tick)
		m.life = append(m.life, effect[monitorState]{Span{from, from.Add(length)}, do})
	}
	for n := m.random.IntN(3); n > 0; n-- {
		event(.1, .4, func(st *monitorState, _ time.Time) { st.answers = false })  // an upgrade of the exporter
		event(.1, 2, func(st *monitorState, _ time.Time) { st.collector = false }) // a table locked for a moment
		event(.1, 2, func(st *monitorState, _ time.Time) { st.source = false })
		event(.5, 3, func(st *monitorState, _ time.Time) { st.snapshots = false }) // a slow disk
		event(.1, .6, func(st *monitorState, _ time.Time) { st.sendFails = 1 })    // Alertmanager restarts
	}
}

func (m *monitor) put(f Fault, sh shape) {
	do := map[string]func(*monitorState){
		exporterDown.RuleID: func(st *monitorState) { st.answers = false },
		collectorBad.RuleID: func(st *monitorState) { st.collector = false },
		sourceBad.RuleID:    func(st *monitorState) { st.source = false },
		configBad.RuleID:    func(st *monitorState) { st.load = false },
		undelivered.RuleID:  func(st *monitorState) { st.notifyFails = 1 },
		unsent.RuleID:       func(st *monitorState) { st.alertmanagers = 0 },
		ruleFailed.RuleID:   func(st *monitorState) { st.evaluationFails = true },
		stale.RuleID:        func(st *monitorState) { st.snapshots = false },
	}[f.RuleID]
	span := sh.Span
	if f.RuleID == stale.RuleID {
		span.From = span.From.Add(-5 * time.Minute)
		m.life = append(m.life, effect[monitorState]{span, func(st *monitorState, _ time.Time) { st.snapshots = false }})
		return
	}
	m.life = append(m.life, effect[monitorState]{span, func(st *monitorState, now time.Time) {
		if sh.at(now) > 0 {
			do(st)
		}
	}})
}
