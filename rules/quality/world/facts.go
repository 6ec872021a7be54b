// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// fact is something that is so or is not: a chain of backups is broken, a job has
// failed.
type fact struct {
	Fault
	// excused is for how long it may hold where all is well; zero: it never does.
	excused time.Duration
	// away says that the instance is not there at all while it holds.
	away bool
	// sample gives what is seen of it; since is when it began to hold, and zero
	// while it does not.
	sample func(now, since time.Time, set setter)
}

// facts is a thing of which several facts are known.
type facts struct {
	random *rand.Rand
	all    []fact
	holding
	broken string // rule id of the fault that was put in
	shape  shape
	blips  map[string]Span
}

// holding is since when facts hold, by rule id.
type holding map[string]time.Time

func factsOf(kind string) func(*rand.Rand, time.Time) []fact {
	return map[string]func(*rand.Rand, time.Time) []fact{
		"recovery": recoveryFacts, "changes": changeFacts, "fleet": fleetFacts, "jobs": jobFacts, "promises": promiseFacts,
	}[kind]
}

func (*facts) job() string { return "dbsync" }

func (m *facts) step(now time.Time, holds func(Fault)) {
	if m.holding == nil {
		m.holding = holding{}
	}
	for _, f := range m.all {
		if !(f.RuleID == m.broken && m.shape.at(now) > 0 || m.blips[f.RuleID].Has(now)) {
			delete(m.holding, f.RuleID)
			continue
		}
		if _, known := m.holding[f.RuleID]; !known {
			m.holding[f.RuleID] = now
		}
		holds(f.Fault)
	}
}

func (m *facts) away() bool {
	for _, f := range m.all {
		if f.away && !m.holding[f.RuleID].IsZero() {
			return true
		}
	}
	return false
}

func (m *facts) sample(now time.Time, set setter) {
	for _, f := range m.all {
		f.sample(now, m.holding[f.RuleID], set)
	}
}

// ordinary lets some facts hold for as long as they may.
func (m *facts) ordinary(span Span) {
	m.blips = map[string]Span{}
	for _, f := range m.all {
		if f.excused > 0 && m.random.IntN(2) == 0 {
			from := span.From.Add(time.Duration(m.random.Int64N(int64(span.Length()))))
			m.blips[f.RuleID] = Span{from, from.Add(time.Duration(m.random.Int64N(int64(f.excused))))}
		}
	}
}

func (m *facts) put(f Fault, sh shape) { m.broken, m.shape = f.RuleID, sh }

// ago is what happened that long before something began to hold, or as long ago
// as it does where all is well.
func ago(now, since time.Time, limit, well time.Duration) float64 {
	if since.IsZero() {
		return unix(now.Add(-well))
	}
	return unix(since.Add(-limit))
}

// yes is 1 while it holds.
func yes(since time.Time) float64 { return flag(!since.IsZero()) }

// counter counts what happens at a rate.
type counter struct {
	value float64
	last  time.Time
}

func (c *counter) at(now time.Time, rate float64) float64 {
	if !c.last.IsZero() {
		c.value += rate * now.Sub(c.last).Seconds()
	}
	c.last = now
	return c.value
}
