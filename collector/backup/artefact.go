// SPDX-License-Identifier: Apache-2.0

package backup

import "time"

// artefact is what was learned of a match by reading it, apart from what changes
// with time alone.
type artefact struct {
	kind     Kind
	start    time.Time // zero: not known
	state    condition
	size     int64 // of the content, before any compression; 0: not known
	evidence string
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
	r := Run{
		ID: f.path, Kind: a.kind, Start: a.start, End: f.modified, Size: a.size, Stored: f.size, Evidence: a.evidence,
	}
	fresh := now.Sub(f.modified) < settle
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
	if r.Status == Running || f.modified.After(now.Add(maxAhead)) {
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
