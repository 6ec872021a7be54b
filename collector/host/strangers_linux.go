// SPDX-License-Identifier: Apache-2.0

package host

import "time"

const (
	// rescanEvery is how long a process of another program is taken to stay one: it
	// may replace itself by a wanted one under the same number, as the start script
	// of a container does.
	rescanEvery = time.Minute
	// settled is how often a process is looked at before that is believed: one that
	// has just been forked has its parent's name.
	settled = 2
)

// strangers remembers the processes of other programs, which are nearly all there
// are: to read all names at every scrape was two fifths of its cost.
type strangers struct {
	since time.Time // when all were read last
	round int
	seen  map[int]sighting // by process number
}

type sighting struct{ times, round int }

// begin begins a round of looking at all processes.
func (s *strangers) begin(now time.Time) {
	if age := now.Sub(s.since); s.seen == nil || age < 0 || age >= rescanEvery {
		s.since, s.seen = now, map[int]sighting{}
	}
	s.round++
}

// known tells whether the process need not be looked at.
func (s *strangers) known(pid int) bool {
	one, ok := s.seen[pid]
	if !ok || one.times < settled {
		return false
	}
	one.round = s.round
	s.seen[pid] = one
	return true
}

// add notes a process of another program.
func (s *strangers) add(pid int) { s.seen[pid] = sighting{s.seen[pid].times + 1, s.round} }

// end forgets the processes that have ended: their numbers are given again.
func (s *strangers) end() {
	for pid, one := range s.seen {
		if one.round != s.round {
			delete(s.seen, pid)
		}
	}
}
