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

func emit(out *collector.Sink, h *history, s situation, now time.Time) {
	p, f := h.place, h.facts
	if f.version != "" {
		out.Emit(info, 1, p.labels(f.version, f.description)...)
	}
	if f.last != nil {
		out.Emit(lastApplied, f.last.ended, p.labels()...)
		out.Emit(lastDuration, f.last.took, p.labels()...)
	}
	if s.lockKnown {
		out.Emit(lockHeld, collector.Bool(s.held), p.labels()...)
		if s.held {
			out.Emit(lockAcquired, float64(h.lock.since.UnixMilli())/1000, p.labels()...)
		}
	}
	for state, n := range states(p.tool, f, s) {
		out.Emit(revisions, float64(n), p.labels(string(state))...)
	}
	if p.tool.rows != "" {
		emitRuns(out, p, f.runs, now)
	}
}

// states are those that the table and the lock can show, 0 included.
func states(t *tool, f facts, s situation) map[state]int {
	all := map[state]int{}
	for state, n := range f.states {
		all[state] = n
	}
	if s.lockKnown {
		all[running] = 0
		if s.held {
			all[running] = max(1, f.unfinished)
		}
	}
	switch {
	case !t.unfinished:
	case !s.lockKnown:
		all[dirty] = f.unfinished
	case s.failed:
		all[failed] += f.unfinished
	default:
		all[failed] += 0
	}
	return all
}

func emitRuns(out *collector.Sink, p place, runs []run, now time.Time) {
	for _, w := range windows {
		since := float64(now.Add(-w.span).Unix())
		count := map[string]int{"success": 0, "failed": 0}
		for _, r := range runs {
			if r.ended >= since {
				count[r.status]++
			}
		}
		for status, n := range count {
			out.Emit(recentRuns, float64(n), p.labels(status, w.name)...)
		}
	}
}

// emitDifference tells what the files say. While the folder cannot be read, that
// is unknown.
func emitDifference(out *collector.Sink, h *history, d *directory) {
	l := d.newest.Load()
	if l == nil || l.err != nil {
		return
	}
	p, diff := h.place, h.compare(l)
	out.Emit(revisions, float64(len(diff.pending)), p.labels(string(pending))...)
	out.Emit(revisions, float64(diff.missing), p.labels(string(missing))...)
	if diff.changed >= 0 {
		out.Emit(revisions, float64(diff.changed), p.labels(string(changed))...)
	}
	var oldest time.Time
	for _, f := range diff.pending {
		if born, ok := f.born(); ok && (oldest.IsZero() || born.Before(oldest)) {
			oldest = born
		}
	}
	if !oldest.IsZero() {
		out.Emit(oldestPending, float64(oldest.Unix()), p.labels()...)
	}
}
