// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// windows are the windows of dbsync_migration_recent_runs.
var windows = []struct {
	name string
	span time.Duration
}{{"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}

func emit(out *collector.Sink, p place, r *reading, now time.Time) {
	f, s := r.facts, r.situation
	for _, c := range f.current {
		if c.version != "" {
			out.Emit(info, 1, p.labels(c.version, c.description)...)
		}
	}
	if f.last != nil {
		out.Emit(lastApplied, f.last.ended, p.labels()...)
		if known(f.last.took) {
			out.Emit(lastDuration, f.last.took, p.labels()...)
		}
	}
	if s.lockKnown {
		out.Emit(lockHeld, collector.Bool(s.held), p.labels()...)
		if s.held {
			out.Emit(lockAcquired, float64(r.since.UnixMilli())/1000, p.labels()...)
		}
	}
	for state, n := range states(p.tool, f, s) {
		out.Emit(revisions, float64(n), p.labels(string(state))...)
	}
	if p.tool.rows.ended != "" {
		emitRuns(out, p, f.runs, now)
	}
}

// states are those that the table and the lock can show, 0 included.
func states(t *tool, f *facts, s situation) map[state]int {
	all := map[state]int{}
	for _, one := range t.states {
		all[one] = f.states[one]
	}
	n := f.states[unfinished]
	delete(all, unfinished)
	if s.lockKnown {
		all[running] += 0
		if s.held {
			all[running] += max(1, n)
		}
	}
	switch {
	case !t.shows(unfinished):
	case !s.lockKnown:
		all[dirty] = n
	case s.failed:
		all[failed] += n
	default:
		all[failed] += 0
	}
	return all
}

func emitRuns(out *collector.Sink, p place, r runs, now time.Time) {
	for _, w := range windows {
		since := float64(now.Add(-w.span).Unix())
		out.Emit(recentRuns, float64(r.good.since(since)), p.labels("success", w.name)...)
		if p.tool.shows(failed) {
			out.Emit(recentRuns, float64(r.bad.since(since)), p.labels("failed", w.name)...)
		}
	}
}

// emitDifference tells what the files say. While the folder cannot be read, that
// is unknown.
func emitDifference(out *collector.Sink, h *history, f *facts, l *listing) {
	if l == nil || l.err != nil {
		return
	}
	p, d := h.place, h.compare(f, l)
	out.Emit(revisions, float64(len(d.pending)), p.labels(string(pending))...)
	out.Emit(revisions, float64(d.missing), p.labels(string(missing))...)
	if d.late >= 0 {
		out.Emit(latePending, float64(d.late), p.labels()...)
	}
	if d.changed >= 0 {
		out.Emit(revisions, float64(d.changed), p.labels(string(changed))...)
	}
	var oldest time.Time
	for _, f := range d.pending {
		if born, ok := f.born(); ok && (oldest.IsZero() || born.Before(oldest)) {
			oldest = born
		}
	}
	if !oldest.IsZero() {
		out.Emit(oldestPending, float64(oldest.Unix()), p.labels()...)
	}
}
