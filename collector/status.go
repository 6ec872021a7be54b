// SPDX-License-Identifier: Apache-2.0

package collector

import "time"

// Status is the state of one collector, for people: the landing page shows it.
type Status struct {
	Definition Definition
	State      State
	Detail     string // the error, or what to do to have it
	Series     int
	Duration   time.Duration
	End        time.Time // when the newest run ended; zero before
	LastError  string    // the newest error, kept after it went away
	LastFailed time.Time // when that was
}

// State is a collector's state in a word.
type State string

// The states of a collector.
const (
	StatePending State = "pending"
	StateOK      State = "ok"
	StateFailed  State = "failed"
	StateSkipped State = "skipped"
)

// Status returns the state of each collector, in the order of the definitions.
func (s *Scraper) Status() []Status {
	out := make([]Status, 0, len(s.units))
	for _, u := range s.units {
		out = append(out, u.status())
	}
	return out
}

func (u *unit) status() Status {
	u.mu.Lock()
	last, failed := u.last, u.failed
	u.mu.Unlock()
	st := Status{Definition: u.def, State: StatePending}
	if failed != nil {
		st.LastError, st.LastFailed = failed.err.Error(), failed.end
	}
	if last == nil {
		return st
	}
	st.Series, st.Duration, st.End = last.series, last.duration, last.end
	switch skip := last.skip(); {
	case skip != nil:
		st.State, st.Detail = StateSkipped, skip.Error()
	case last.err != nil:
		st.State, st.Detail = StateFailed, last.err.Error()
	default:
		st.State = StateOK
	}
	return st
}
