// SPDX-License-Identifier: Apache-2.0

// Package world makes up database servers: their ordinary life, and what goes
// wrong in the field. It knows what a fault is, and nothing of the rules.
package world

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/easy-erp/dbsync/rules/quality/replay"
)

// Tick is the resolution of time: within a tick nothing changes. What takes hours
// is looked at in ticks of a minute.
const (
	Tick     = 5 * time.Second
	slowTick = time.Minute
)

// Span is a stretch of time, its end excluded.
type Span struct{ From, To time.Time }

// Has reports whether t lies in the span.
func (s Span) Has(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Length is how long it lasts.
func (s Span) Length() time.Duration { return s.To.Sub(s.From) }

// Fault is what somebody should be told of.
type Fault struct {
	RuleID string
	// Within is how long after the fault's beginning the alert may fire: what the
	// documentation promises.
	Within time.Duration
	// Lasting is how long a fault must last to be one, by the same promise. One
	// that ends sooner is ordinary life.
	Lasting time.Duration
	// Also are rules that may fire because of it.
	Also []string
	// Page says that somebody is woken.
	Page bool
}

// Episode is a fault that happened.
type Episode struct {
	Fault
	Span
	Shape string
}

// Instance is one monitored thing over a stretch of time.
type Instance struct {
	Name   string
	Kind   string // which model, and healthy or which fault
	Scrape time.Duration
	Tick   time.Duration
	Span
	Episodes []Episode // what must be told, as it turned out
	// Doubtful are faults with breaks so short that a scrape may not see them: they
	// may be told.
	Doubtful []Episode
	Shape    string // of the fault that was put in; empty: none
	Intended string // rule id of that fault

	random *rand.Rand
	phase  time.Duration
	missed []Span // scrapes that fail
	model  model
	faults map[string]*tracker
	series map[string]*series
}

// model is one kind of thing that is monitored.
type model interface {
	// step brings it to now, a tick after the last time, and reports the faults
	// that hold.
	step(now time.Time, holds func(Fault))
	// sample gives what a scrape sees.
	sample(now time.Time, set setter)
	// job is the scrape job.
	job() string
}

// PeerMark stands between an instance's name and that of another beside it.
const PeerMark = "/"

// setter takes a value; the labels are names and values in turn. The label peer
// says that it is not of the instance itself but of another beside it.
type setter func(name string, value float64, labels ...string)

type series struct {
	labels labels.Labels
	key    string
	seen   time.Time
	live   bool
}

// tracker finds out how long a fault holds: without a break, and with breaks that
// are shorter than two scrapes.
type tracker struct {
	fault  Fault
	strict time.Time // since when without a break
	loose  time.Time
	last   time.Time
}

// Step brings the instance to now and returns what its scrapes gave, if one is
// due.
func (i *Instance) Step(now time.Time) []replay.Sample {
	if !i.Has(now) {
		return nil
	}
	i.model.step(now, func(f Fault) { i.holds(f, now) })
	if i.misses(now) {
		i.holds(exporterDown, now)
	}
	i.settle(now)
	if away, ok := i.model.(interface{ away() bool }); ok && away.away() {
		return i.stale(now)
	}
	if now.Sub(i.From.Add(i.phase))%i.Scrape != 0 {
		return nil
	}
	silent, _ := i.model.(interface{ silent() bool })
	if silent != nil && silent.silent() || i.misses(now) {
		return i.fail(now)
	}
	return i.scrape(now)
}

// Missed is for how long no scrape succeeded within the span.
func (i *Instance) Missed(within Span) time.Duration {
	var sum time.Duration
	for _, s := range i.missed {
		if from, to := latest(s.From, within.From), earliest(s.To, within.To); from.Before(to) {
			sum += to.Sub(from)
		}
	}
	return sum
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (i *Instance) misses(now time.Time) bool {
	return slices.ContainsFunc(i.missed, func(s Span) bool { return s.Has(now) })
}

func (i *Instance) holds(f Fault, now time.Time) {
	t := i.faults[f.RuleID]
	if t == nil {
		t = &tracker{fault: f, strict: now, loose: now}
		i.faults[f.RuleID] = t
	} else if now.Sub(t.last) > i.Tick {
		i.Episodes = t.keep(i.Episodes, t.strict, i.Shape, i.Tick)
		t.strict = now
	}
	t.last = now
}

// settle ends what is over.
func (i *Instance) settle(now time.Time) {
	for id, t := range i.faults {
		if now.Sub(t.last) >= 2*i.Scrape || !i.Has(now.Add(i.Tick)) {
			i.Episodes = t.keep(i.Episodes, t.strict, i.Shape, i.Tick)
			i.Doubtful = t.keep(i.Doubtful, t.loose, i.Shape, i.Tick)
			delete(i.faults, id)
		}
	}
}

// keep adds what has held since a time until now, when that was a fault.
func (t *tracker) keep(to []Episode, since time.Time, shape string, tick time.Duration) []Episode {
	span := Span{since, t.last.Add(tick)}
	if span.Length() < t.fault.Lasting {
		return to
	}
	return append(to, Episode{t.fault, span, shape})
}

// scrape reads the model. What was there the last time and is not now becomes
// stale.
func (i *Instance) scrape(now time.Time) []replay.Sample {
	var samples []replay.Sample
	set := func(name string, value float64, pairs ...string) {
		s := i.find(name, pairs)
		s.seen, s.live = now, true
		samples = append(samples, replay.Sample{Labels: s.labels, Key: s.key, At: now, Value: value})
	}
	i.model.sample(now, set)
	set("up", 1)
	return append(samples, i.stale(now)...)
}

// fail is a scrape that did not succeed.
func (i *Instance) fail(now time.Time) []replay.Sample {
	s := i.find("up", nil)
	s.seen, s.live = now, true
	return append(i.stale(now), replay.Sample{Labels: s.labels, Key: s.key, At: now, Value: 0})
}

func (i *Instance) stale(now time.Time) []replay.Sample {
	var samples []replay.Sample
	for _, s := range i.series {
		if s.live && !s.seen.Equal(now) {
			s.live = false
			samples = append(samples, replay.Sample{Labels: s.labels, Key: s.key, At: now, Value: math.NaN()})
		}
	}
	return samples
}

func (i *Instance) find(name string, pairs []string) *series {
	key := name
	for _, p := range pairs {
		key += "\x00" + p
	}
	s := i.series[key]
	if s == nil {
		b := labels.NewScratchBuilder(len(pairs)/2 + 3)
		b.Add("__name__", name)
		name := i.Name
		for n := 0; n < len(pairs); n += 2 {
			if pairs[n] == "peer" {
				name += PeerMark + pairs[n+1]
				continue
			}
			b.Add(pairs[n], pairs[n+1])
		}
		b.Add("instance", name)
		b.Add("job", i.model.job())
		b.Sort()
		s = &series{labels: b.Labels(), key: i.Name + "\x00" + key}
		i.series[key] = s
	}
	return s
}
