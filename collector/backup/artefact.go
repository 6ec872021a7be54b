// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"cmp"
	"time"
)

// artefact is what was learned of a match by reading it, apart from what changes
// with time alone.
type artefact struct {
	kind       Kind
	start, end time.Time // zero: start not known, end at the last write
	took       time.Duration
	clocked    bool      // that took is known
	written    time.Time // of a folder: the last write below it; zero: the match's own
	state      condition
	size       int64 // of the content, before any compression; 0: not known
	stored     int64 // of all that belongs to it; 0: the match's own
	level      Level // reached so far
	evidence   string
	link       Link
	position   Position
}

// condition is how whole an artefact is.
type condition int

const (
	unread     condition = iota // too little was read to know
	incomplete                  // its end is missing: still being made, or given up
	empty                       // there is nothing in it: just begun, or failed
	complete                    // it says itself that it is whole
	assumed                     // nothing speaks against it; no longer written to, it is whole
	damaged                     // what is there is wrong
	opaque                      // nothing can be known of it
)

// run turns what is known of a match into a run. What is fresh may still be
// written to; its time is that of the last write.
func (a *artefact) run(f file, now time.Time, settle time.Duration) Run {
	written := latest(f.modified, a.written)
	end := a.end
	if end.IsZero() {
		end = written
	}
	r := Run{
		ID: f.path, Kind: cmp.Or(a.kind, Full), Start: a.start, End: end, Size: a.size, Stored: cmp.Or(a.stored, f.size),
		Level: a.level, Evidence: a.evidence, Link: a.link, Position: a.position,
	}
	if a.clocked {
		r.Start = end.Add(-a.took)
	}
	fresh := now.Sub(written) < settle
	switch a.state {
	case complete:
		r.Status = Success
	case damaged:
		r.Status = Failed
	case empty:
		r.Status = unless(fresh, Failed)
	case incomplete:
		r.Status = unless(fresh, Partial)
	case assumed:
		r.Status = unless(fresh, Success)
	case unread, opaque:
		r.Status = unless(fresh, "")
	}
	if r.Status == Running || end.After(now.Add(maxAhead)) {
		r.End = time.Time{} // a time from the future would hide for long that the next one is due
	}
	return r
}

// maxAhead is how far the clock of the host that wrote a file may be ahead.
const maxAhead = 5 * time.Minute

func unless(fresh bool, settled Status) Status {
	if fresh {
		return Running
	}
	return settled
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lasted takes over how long it took by its maker's word, if that is not negative:
// clock times in metadata are local ones of an unknown zone, but their difference
// holds.
func (a *artefact) lasted(took time.Duration) { a.took, a.clocked = took, took >= 0 }
