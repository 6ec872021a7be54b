// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kinds are the models of what is monitored.
var Kinds = []string{"server", "records", "host", "gateway", "monitor", "recovery", "changes", "fleet", "jobs", "promises"}

// warmUp is how long an instance is well before something breaks; what takes
// hours is known for longer.
const (
	warmUp     = 12 * time.Minute
	slowWarmUp = 80 * time.Minute
)

// Faults returns the faults of a kind.
func Faults(kind string) []Fault {
	switch kind {
	case "server":
		return serverFaults()
	case "records":
		return recordFaults()
	case "host":
		return hostFaults
	case "gateway":
		return gatewayFaults
	}
	if make := factsOf(kind); make != nil {
		var all []Fault
		for _, f := range make(rand.New(rand.NewPCG(0, 0)), time.Time{}) {
			all = append(all, f.Fault)
		}
		return all
	}
	return monitorFaults
}

// liver is a model whose life can be made up.
type liver interface {
	model
	ordinary(Span)
	put(Fault, shape)
}

func newModel(kind string, random *rand.Rand, from time.Time) liver {
	switch kind {
	case "server":
		return newServer(random)
	case "records":
		return newRecords(random, from)
	case "host":
		return newHost(random)
	case "gateway":
		return newGateway(random, from)
	}
	if make := factsOf(kind); make != nil {
		return &facts{random: random, all: make(random, from)}
	}
	return newMonitor(random, from)
}

// Slow says that a kind is about what takes hours.
func Slow(kind string) bool { return kind == "promises" }

// Metrics are the names of all that a kind ever shows: of a few instances, made up
// and thrown away.
func Metrics(kind string) map[string]bool {
	from := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	var some []*Instance
	for n, f := range Faults(kind) {
		some = append(some, Broken(kind, f, "step", uint64(n), from))
	}
	for n := range 6 {
		some = append(some, Healthy(kind, uint64(n), Span{from, from.Add(2 * time.Hour)}))
	}
	names := map[string]bool{}
	for _, i := range some {
		for now := i.From; now.Before(i.To); now = now.Add(i.Tick) {
			i.Step(now)
		}
		for _, s := range i.series {
			names[s.labels.Get("__name__")] = true
		}
	}
	return names
}

// Healthy returns an instance that is well, for the length of the span.
func Healthy(kind string, seed uint64, span Span) *Instance {
	i, m := newInstance(kind, seed, span)
	m.ordinary(span)
	for range int(span.Length().Hours()/2) + i.random.IntN(2) { // scrapes that fail, one or two at a time
		i.miss(span.From.Add(time.Duration(i.random.Int64N(int64(span.Length())))), 1+i.random.IntN(2))
	}
	i.edges()
	return i
}

// edges lets some instances begin or end within the span.
func (i *Instance) edges() {
	switch i.random.IntN(10) {
	case 0: // new: its first hour
		i.From = i.From.Add(time.Duration(i.random.Int64N(int64(i.Length() / 3)))).Truncate(i.Tick)
	case 1: // retired
		i.To = i.To.Add(-time.Duration(i.random.Int64N(int64(i.Length() / 3)))).Truncate(i.Tick)
	}
}

// Broken returns an instance with a fault, and the time by which all is over.
func Broken(kind string, f Fault, shapeName string, seed uint64, from time.Time) *Instance {
	random := rand.New(rand.NewPCG(seed, 7))
	well := warmUp
	if Slow(kind) {
		well = slowWarmUp
	}
	begins := from.Add(well + time.Duration(random.Int64N(int64(2*time.Minute)))).Truncate(Tick)
	sh := newShape(random, shapeName, begins, f.Lasting, f.Within)
	span := Span{from, sh.To.Add(10 * time.Minute).Truncate(Tick)}
	i, m := newInstance(kind, seed, span)
	i.Shape, i.Intended = shapeName, f.RuleID
	m.put(f, sh)
	if s, ok := m.(*server); ok && shapeName == "restart" && f.RuleID != mysqlDown.RuleID {
		s.life = append(s.life, down(begins.Add(-15*time.Second), 20*time.Second))
	}
	if shapeName == "gap" {
		i.miss(begins, 2)
		i.miss(begins.Add(f.Lasting+time.Minute), 1)
	}
	return i
}

// newInstance makes an instance. Two in five are scraped every 10 seconds, as
// shipped, as many every 15, and one every minute.
func newInstance(kind string, seed uint64, span Span) (*Instance, liver) {
	random := rand.New(rand.NewPCG(seed, 42))
	i := &Instance{
		Name: fmt.Sprintf("%s-%d", kind, seed), Kind: kind, Span: span, random: random,
		Scrape: []time.Duration{10, 10, 15, 15, 60}[random.IntN(5)] * time.Second, Tick: Tick,
		faults: map[string]*tracker{}, series: map[string]*series{},
	}
	if Slow(kind) {
		i.Scrape, i.Tick = time.Minute, slowTick
	}
	i.phase = time.Duration(random.Int64N(int64(i.Scrape/i.Tick))) * i.Tick
	m := newModel(kind, random, span.From)
	i.model = m
	return i, m
}

// miss lets the next scrapes fail.
func (i *Instance) miss(from time.Time, scrapes int) {
	i.missed = append(i.missed, Span{from, from.Add(time.Duration(scrapes) * i.Scrape)})
}

// Moment is when an instance begins: on an ordinary day, or at an odd time. There
// are few of them, because those of one moment are replayed together.
func Moment(random *rand.Rand, shapeName string) time.Time {
	switch shapeName {
	case "midnight":
		return time.Date(2026, 11, 25, 23, 45, 0, 0, time.UTC)
	case "month end":
		return time.Date(2026, 11, 30, 23, 45, 0, 0, time.UTC)
	case "clock change":
		return time.Date(2026, 10, 25, 0, 45, 0, 0, time.UTC)
	}
	return time.Date(2026, 11, 24, 2+8*random.IntN(3), 0, 0, 0, time.UTC)
}
