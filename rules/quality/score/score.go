// SPDX-License-Identifier: Apache-2.0

// Package score holds what rules said against what was true.
package score

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/rules/quality/replay"
	"github.com/easy-erp/dbsync/rules/quality/world"
)

// Rule is the score of one rule.
type Rule struct {
	ID        string
	Page      bool
	Incidents int
	Missed    int
	Firings   int // episodes of the alert
	False     int // that no fault explains
	Delays    []time.Duration
	// Misses and FalseAlarms name the instances, for whoever looks for the reason.
	Misses, FalseAlarms []string
}

// Score is the score of all rules.
type Score struct {
	Rules   map[string]*Rule
	Healthy time.Duration // instance time without a fault
	Watched time.Duration // instance time in all
	// covers are the faults that are compared; nil: all are, and each has its
	// promise.
	covers map[string]bool
}

// New returns an empty score.
func New() *Score { return &Score{Rules: map[string]*Rule{}} }

// Comparing returns an empty score of the given faults, by rule id. What was told
// late was told: other rules have promised nothing.
func Comparing(faults map[string]bool) *Score {
	return &Score{Rules: map[string]*Rule{}, covers: faults}
}

// Covers reports whether a fault is compared.
func (s *Score) Covers(id string) bool { return s.covers == nil || s.covers[id] }

// told is for whom an alert is: the watchdog is not scored, and the informing
// ones where their fault is made up.
var told = []string{"critical", "warning"}

// settle is how long after a fault's end its alert may begin: ranges of minutes
// still hold it.
const settle = 6 * time.Minute

// Add takes an instance and its firings in.
func (s *Score) Add(i *world.Instance, firings []replay.Firing) {
	s.Watched += i.Length()
	if len(i.Episodes) == 0 {
		s.Healthy += i.Length()
	}
	for _, e := range i.Episodes {
		if s.covers == nil || s.covers[e.RuleID] {
			s.episode(i, e, firings)
		}
	}
	for _, f := range firings {
		// What fires when the instance is gone is about its being gone.
		if s.covers != nil && !s.covers[f.Labels.Get("rule_id")] {
			continue
		}
		if f.From.Before(i.To) && (slices.Contains(told, f.Labels.Get("severity")) || modelled(i.Kind, f.Labels.Get("rule_id"))) {
			s.firing(i, f)
		}
	}
}

func modelled(kind, id string) bool {
	return slices.ContainsFunc(world.Faults(kind), func(f world.Fault) bool { return f.RuleID == id })
}

func (s *Score) rule(id string) *Rule {
	r := s.Rules[id]
	if r == nil {
		r = &Rule{ID: id}
		s.Rules[id] = r
	}
	return r
}

func (s *Score) episode(i *world.Instance, e world.Episode, firings []replay.Firing) {
	promise := e.Within + 2*i.Scrape
	promise += i.Missed(world.Span{From: e.From, To: e.From.Add(promise)})
	if e.From.Add(promise).After(i.To) || e.Length() < e.Within && e.RuleID != i.Intended {
		return // it did not last for long enough to be told of
	}
	r := s.rule(e.RuleID)
	r.Incidents++
	r.Page = r.Page || e.Page
	first := time.Duration(math.MaxInt64)
	for _, f := range firings {
		if slices.Contains(tells(f), e.RuleID) && f.From.Before(e.To.Add(settle)) && (f.To.IsZero() || f.To.After(e.From)) {
			first = min(first, max(0, f.From.Sub(e.From)))
		}
	}
	if s.covers != nil {
		promise = math.MaxInt64 - 1
	}
	if first > promise {
		r.Missed++
		r.Misses = append(r.Misses, i.Name+" "+e.Shape)
		return
	}
	r.Delays = append(r.Delays, first)
}

// tells are the faults that an alert tells: its own, and those that other packs'
// rules tell with the same alert.
func tells(f replay.Firing) []string {
	return append(strings.Fields(f.Labels.Get("also")), f.Labels.Get("rule_id"))
}

func (s *Score) firing(i *world.Instance, f replay.Firing) {
	id := f.Labels.Get("rule_id")
	r := s.rule(id)
	r.Firings++
	explained := slices.ContainsFunc(append(slices.Clone(i.Episodes), i.Doubtful...), func(e world.Episode) bool {
		mine := slices.Contains(tells(f), e.RuleID) || slices.Contains(e.Also, id)
		// Within a tick, rules are evaluated later than the world stands still.
		return mine && !f.From.Before(e.From.Add(-i.Tick)) && f.From.Before(e.To.Add(settle))
	})
	if !explained {
		r.False++
		r.FalseAlarms = append(r.FalseAlarms, i.Name+" "+f.From.UTC().Format(time.DateTime))
	}
}

// Quantile returns the q-quantile of the delays; 0 when there is none.
func (r *Rule) Quantile(q float64) time.Duration {
	if len(r.Delays) == 0 {
		return 0
	}
	slices.Sort(r.Delays)
	return r.Delays[min(int(q*float64(len(r.Delays))), len(r.Delays)-1)]
}

// Upper is the upper end of the 95 % interval of a share of n, of which k were
// seen (Clopper and Pearson): by bisection, as nobody needs it fast.
func Upper(k, n int) float64 {
	if n == 0 || k >= n {
		return 1
	}
	low, high := float64(k)/float64(n), 1.
	for range 60 {
		p := (low + high) / 2
		if atMost(k, n, p) > .025 {
			low = p
		} else {
			high = p
		}
	}
	return high
}

// atMost is the probability of at most k of n.
func atMost(k, n int, p float64) float64 {
	sum := 0.
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// Total sums all rules up.
func (s *Score) Total() Rule {
	var t Rule
	for _, r := range s.Rules {
		t.Incidents += r.Incidents
		t.Missed += r.Missed
		t.Firings += r.Firings
		t.False += r.False
		t.Delays = append(t.Delays, r.Delays...)
	}
	return t
}

// Merge takes another score in.
func (s *Score) Merge(o *Score) {
	s.Healthy += o.Healthy
	s.Watched += o.Watched
	for id, r := range o.Rules {
		mine := s.rule(id)
		mine.Page = mine.Page || r.Page
		mine.Incidents += r.Incidents
		mine.Missed += r.Missed
		mine.Firings += r.Firings
		mine.False += r.False
		mine.Delays = append(mine.Delays, r.Delays...)
		mine.Misses = append(mine.Misses, r.Misses...)
		mine.FalseAlarms = append(mine.FalseAlarms, r.FalseAlarms...)
	}
}
