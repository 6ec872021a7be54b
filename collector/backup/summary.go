// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"cmp"
	"slices"
	"time"
)

// window is a span of time before now in which runs are counted.
type window struct {
	name string
	span time.Duration
}

func windows() []window {
	return []window{{"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}
}

// summary is what the runs of one kind say.
type summary struct {
	kind Kind
	// newest began last, ended is what ended last, success and failure are the
	// last ones with and without success. nil: there is none that is known.
	newest, ended, success, failure *Run
	going                           *Run // one that goes on
	running                         int
	retained                        int
	oldest                          time.Time
	unjudged                        int
	verified                        *Run // what was verified last
	sizes                           sizes
	durations                       durations
	broken                          bool // the chain of the newest successful incremental one
	// counts holds the numbers of runs by window and status; a window is missing
	// when not all of its runs are known.
	counts map[string]map[Status]int
}

// summarise makes a summary per kind, and one of full backups in any case.
func summarise(h history, now time.Time) []summary {
	kinds := []Kind{Full}
	for _, r := range h.runs {
		if !slices.Contains(kinds, r.Kind) {
			kinds = append(kinds, r.Kind)
		}
	}
	slices.SortFunc(kinds, func(a, b Kind) int { return cmp.Compare(a, b) })
	summaries := make([]summary, len(kinds))
	for i, kind := range kinds {
		summaries[i] = summariseKind(h, kind, now)
	}
	return summaries
}

func summariseKind(h history, kind Kind, now time.Time) summary {
	s := summary{kind: kind, counts: map[string]map[Status]int{}}
	for _, w := range windows() {
		if !now.Add(-w.span).Before(h.complete) {
			s.counts[w.name] = map[Status]int{}
		}
	}
	for i := range h.runs {
		if r := &h.runs[i]; r.Kind == kind {
			s.add(r, now)
		}
	}
	s.sizes, s.durations = compareSizes(h.runs, kind), compareDurations(h.runs, kind)
	s.broken = kind == Incremental && s.success != nil && !whole(h.runs, s.success)
	return s
}

func (s *summary) add(r *Run, now time.Time) {
	later(&s.newest, r, Run.start)
	switch {
	case r.Status == Success:
		later(&s.success, r, Run.end)
	case r.Status.Ended():
		later(&s.failure, r, Run.end)
	case r.Status == Running:
		s.running++
		if s.going == nil || r.Start.After(s.going.Start) {
			s.going = r
		}
	case now.Sub(r.End) < judgeWithin:
		s.unjudged++
	}
	if r.Status.Ended() {
		later(&s.ended, r, Run.end)
	}
	if !r.Gone && (r.Status == Success || r.Status == "") {
		s.retained++
		if s.oldest.IsZero() || !r.End.IsZero() && r.End.Before(s.oldest) {
			s.oldest = r.End
		}
	}
	later(&s.verified, r, Run.verifiedAt)
	s.count(r, now)
}

// judgeWithin is the age up to which every run is judged, however much must be
// read for it: the longest window, and a day.
const judgeWithin = 8 * 24 * time.Hour

// whole reports whether all that a run builds on is there, down to a full one. What
// it builds on is older.
func whole(runs []Run, r *Run) bool {
	if r.Kind == Full {
		return true
	}
	tried := map[*Run]bool{r: true}
	for todo := []*Run{r}; len(todo) > 0; todo = todo[1:] {
		for i := range runs {
			base := &runs[i]
			if tried[base] || base.Gone && !r.Gone || base.Status != Success || base.End.After(todo[0].End) || !todo[0].Link.follows(base.Link) {
				continue
			}
			if base.Kind == Full {
				return true
			}
			tried[base] = true
			todo = append(todo, base)
		}
	}
	return false
}

func (s *summary) count(r *Run, now time.Time) {
	for _, w := range windows() {
		counts := s.counts[w.name]
		if counts == nil || r.Status == "" {
			continue
		}
		if r.Status == Running || !r.End.IsZero() && !r.End.Before(now.Add(-w.span)) {
			counts[r.Status]++
		}
	}
}

func (r Run) start() time.Time { return r.Start }
func (r Run) end() time.Time   { return r.End }

func (r Run) verifiedAt() time.Time { return r.Verified }

// later keeps the run whose time is known and later, the one found last among
// equals.
func later(kept **Run, r *Run, at func(Run) time.Time) {
	if t := at(*r); !t.IsZero() && (*kept == nil || !t.Before(at(**kept))) {
		*kept = r
	}
}
