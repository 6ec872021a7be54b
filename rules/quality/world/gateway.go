// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math"
	"math/rand/v2"
	"time"
)

// The faults of the layer above the database.
var (
	apiDown  = Fault{RuleID: "api_down", Lasting: 90 * time.Second, Within: 150 * time.Second, Page: true, Also: []string{"api_error_budget_burn"}}
	apiBurns = Fault{RuleID: "api_error_budget_burn", Lasting: 10 * time.Minute, Within: 10 * time.Minute, Page: true}
	apiSlow  = Fault{RuleID: "api_latency_high", Lasting: 25 * time.Minute, Within: 25 * time.Minute}
	logBurst = Fault{RuleID: "log_error_burst", Lasting: time.Minute, Within: 2 * time.Minute}
	logQuiet = Fault{RuleID: "log_silent", Lasting: 30 * time.Second, Within: 75 * time.Second}

	gatewayFaults = []Fault{apiDown, apiBurns, apiSlow, logBurst, logQuiet}
)

// gateway is an API gateway and the log of a server.
type gateway struct {
	random *rand.Rand
	life   []effect[gatewayState]
	state  gatewayState

	good, bad, slow, errors float64 // counters
	written                 time.Time
}

type gatewayState struct {
	rate    float64 // requests per second
	failing float64 // part of them
	slow    float64 // part of them
	answers bool    // the probe
	errors  float64 // lines per second
	silent  bool
}

const logEvery = 10 * time.Minute // at least one line

func newGateway(random *rand.Rand, from time.Time) *gateway {
	return &gateway{random: random, written: from}
}

func (*gateway) job() string { return "dbsync" }

func (g *gateway) step(now time.Time, holds func(Fault)) {
	st := gatewayState{rate: .5 + 200*day(now), failing: .0002, slow: .005, answers: true, errors: .0005}
	for _, e := range g.life {
		if e.Has(now) {
			e.do(&st, now)
		}
	}
	g.state = st
	n := st.rate * Tick.Seconds()
	g.bad += n * st.failing
	g.good += n * (1 - st.failing)
	g.slow += n * st.slow
	if g.random.Float64() < st.errors*Tick.Seconds() || st.errors > .1 {
		g.errors += math.Max(1, math.Round(st.errors*Tick.Seconds()))
	}
	if !st.silent {
		g.written = now
	}
	for _, f := range []struct {
		Fault
		holds bool
	}{
		{apiDown, !st.answers},
		{apiBurns, st.failing > .02 && st.rate*st.failing > .1},
		{apiSlow, st.slow > .07 && st.rate > 1},
		{logBurst, st.errors >= .5},
		{logQuiet, now.Sub(g.written) > logEvery},
	} {
		if f.holds {
			holds(f.Fault)
		}
	}
}

func (g *gateway) sample(_ time.Time, set setter) {
	set("dbsync_api_probe_success", flag(g.state.answers), "api", "gateway")
	set("dbsync_api_requests_total", math.Floor(g.good), "api", "gateway", "method", "GET", "code", "200")
	set("dbsync_api_requests_total", math.Floor(g.bad), "api", "gateway", "method", "GET", "code", "502")
	set("dbsync_api_slow_requests_total", math.Floor(g.slow), "api", "gateway")
	set("dbsync_api_objective_ratio", .999, "api", "gateway")
	set("dbsync_log_lines_total", g.errors, "log", "mysqld", "level", "error")
	set("dbsync_log_last_line_timestamp_seconds", unix(g.written), "log", "mysqld")
	set("dbsync_log_expected_interval_seconds", logEvery.Seconds(), "log", "mysqld")
}

// ordinary is what happens to a gateway that is well.
func (g *gateway) ordinary(span Span) {
	event := func(low, high float64, do func(*gatewayState, time.Time)) {
		from := span.From.Add(time.Duration(g.random.Int64N(int64(span.Length())))).Truncate(Tick)
		length := time.Duration((low + (high-low)*g.random.Float64()) * float64(time.Minute))
		g.life = append(g.life, effect[gatewayState]{Span{from, from.Add(length)}, do})
	}
	if g.random.IntN(2) == 0 { // a deployment: a few requests fail
		event(.2, .6, func(st *gatewayState, _ time.Time) { st.failing = .05 })
	}
	if g.random.IntN(2) == 0 { // a probe that fails once
		event(.1, .6, func(st *gatewayState, _ time.Time) { st.answers = false })
	}
	if g.random.IntN(2) == 0 { // the nightly report is slow
		event(2, 10, func(st *gatewayState, _ time.Time) { st.slow = .03 })
	}
	if g.random.IntN(2) == 0 { // nothing is written for a while
		event(2, 9, func(st *gatewayState, _ time.Time) { st.silent = true })
	}
	if g.random.IntN(2) == 0 { // a handful of errors
		event(.1, .2, func(st *gatewayState, _ time.Time) { st.errors = .25 })
	}
}

func (g *gateway) put(f Fault, sh shape) {
	do := map[string]func(*gatewayState, float64){
		apiDown.RuleID:  func(st *gatewayState, _ float64) { st.answers = false },
		apiBurns.RuleID: func(st *gatewayState, part float64) { st.failing, st.rate = .02+.2*part, math.Max(st.rate, 10) },
		apiSlow.RuleID:  func(st *gatewayState, part float64) { st.slow, st.rate = .07+.4*part, math.Max(st.rate, 10) },
		logBurst.RuleID: func(st *gatewayState, part float64) { st.errors = .4 + 4*part },
		logQuiet.RuleID: func(st *gatewayState, _ float64) { st.silent = true },
	}[f.RuleID]
	span := sh.Span
	if f.RuleID == logQuiet.RuleID {
		span.From = span.From.Add(-logEvery)
		g.life = append(g.life, effect[gatewayState]{span, func(st *gatewayState, _ time.Time) { st.silent = true }})
		return
	}
	g.life = append(g.life, effect[gatewayState]{span, func(st *gatewayState, now time.Time) {
		if part := sh.at(now); part > 0 {
			do(st, part)
		}
	}})
}
