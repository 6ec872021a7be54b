// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"math"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// state is the state of a revision.
type state string

// The values of the label state of dbsync_migration_revisions. Which of them a
// history shows depends on its tool.
const (
	applied    state = "applied"
	failed     state = "failed"
	dirty      state = "dirty"
	running    state = "running"
	rolledBack state = "rolled_back"
	pending    state = "pending"
	missing    state = "missing"
	changed    state = "changed"
)

// What a row may say besides.
const (
	// unfinished has begun and not ended: it is running or has failed.
	unfinished state = "unfinished"
	// coded is applied, by program code that no file stands for.
	coded state = "coded"
	// baseline is what the schema was taken over at; it never ran.
	baseline state = "baseline"
	// marker is a row that is no migration.
	marker state = ""
)

// revision is a row of a history.
type revision struct {
	order       int64 // grows with each row; 0: the tool's rows have no order
	version     string
	description string
	state       state
	ended       float64 // Unix time; unknown: NaN
	took        float64 // seconds; unknown: NaN
	checksum    string  // of the file that ran; empty: not recorded
}

func known(x float64) bool { return !math.IsNaN(x) }

// stands reports whether the migration is applied, however it came to be.
func (r revision) stands() bool {
	return r.state == applied || r.state == coded || r.state == baseline
}

// facts are what the rows of a history say, in terms that all tools share.
type facts struct {
	flavour collector.Flavour // of the server; empty: not known
	// current is what the schema is at: usually one revision, or none.
	current []revision
	states  map[state]int
	// newest holds the row that counts of each migration, by its id.
	newest map[string]revision
	// baseline is the version up to which nothing ran, because the schema was
	// taken over with it.
	baseline string
	// last is the revision that was applied last. nil: none, or unknown.
	last *revision
	// runs are the runs that have ended, of tools that record when.
	runs runs
}

// runs are when runs ended, well and badly.
type runs struct{ good, bad moments }

// moments are Unix times in their order.
type moments []float64

// since counts those from a moment on.
func (m moments) since(start float64) int {
	before, _ := slices.BinarySearch(m, start)
	return len(m) - before
}

// summarize makes facts of the rows of a history, in their order.
func summarize(t *tool, rows []revision) facts {
	f := facts{states: map[state]int{}, newest: map[string]revision{}}
	for i, r := range rows {
		if r.state == marker {
			continue
		}
		f.newest[t.id(r.version, r.description)] = r
		good := r.state == applied || r.state == coded
		if good && known(r.ended) && (f.last == nil || r.ended >= f.last.ended) {
			f.last = &rows[i]
		}
		switch {
		case !known(r.ended):
		case good || r.state == rolledBack:
			f.runs.good = append(f.runs.good, r.ended)
		case r.state == failed:
			f.runs.bad = append(f.runs.bad, r.ended)
		}
	}
	slices.Sort(f.runs.good)
	slices.Sort(f.runs.bad)
	for _, r := range f.newest {
		f.states[r.state]++
		if r.state == baseline && t.order(r.version, f.baseline) > 0 {
			f.baseline = r.version
		}
	}
	f.states[applied] += f.states[coded]
	f.current = current(t, rows, f)
	return f
}

// current tells what the schema is at, by what the tool goes by.
func current(t *tool, rows []revision, f facts) []revision {
	if t.current == every {
		return rows
	}
	var best *revision
	for i, r := range rows {
		if !f.newest[t.id(r.version, r.description)].stands() || !r.stands() || r.version == "" {
			continue
		}
		if best == nil || t.current == newest || t.order(r.version, best.version) >= 0 {
			best = &rows[i]
		}
	}
	if best == nil {
		return nil
	}
	return []revision{*best}
}

// file is a migration as a file defines it.
type file struct {
	path        string // below the folder, with slashes
	version     string
	description string
	checksum    string            // as the tool records it; empty: not known
	repeatable  bool              // it is run again when it changed
	after       []string          // the versions that it follows, where that is no matter of order
	replaces    []string          // the ids of migrations that it stands for
	inert       bool              // it is not run where there is a history
	only        collector.Flavour // the servers that it is run on; empty: all
	written     time.Time
}

// born is when the migration was authored: by its version, or else when its file
// was written, where that means something: image builders set it to the epoch.
func (f file) born() (time.Time, bool) {
	if t := authored(f.version); !t.IsZero() {
		return t, true
	}
	return f.written, f.written.Year() >= 2000
}
