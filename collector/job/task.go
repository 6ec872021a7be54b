// SPDX-License-Identifier: Apache-2.0

package job

import (
	"cmp"
	"slices"
	"time"
)

// Task is what is known of a task.
type Task struct {
	RunType string `json:"run_type"`
	Name    string `json:"task"`
	// Last is the run that ended last; LastSuccess and LastFailure are the ones
	// that ended last with and without success. nil: there was none.
	Last        *Run `json:"last,omitempty"`
	LastSuccess *Run `json:"last_success,omitempty"`
	LastFailure *Run `json:"last_failure,omitempty"`
	// Running are the runs that have begun and not reported their end, by start.
	Running []Run `json:"running,omitempty"`
	// ExpectedIntervalSeconds is the newest promise; 0: none.
	ExpectedIntervalSeconds float64 `json:"expected_interval_seconds,omitempty"`
	// Totals counts the runs that ended, by status, since the task's first report.
	Totals map[Status]uint64 `json:"totals"`
	// Ended are the ends of the last days, the newest last.
	Ended []Ended `json:"ended,omitempty"`
	// Seen are the ids of the newest runs that ended, to tell a repeated report.
	Seen []string `json:"seen,omitempty"`
}

// Ended is when and how a run ended.
type Ended struct {
	Unix   int64  `json:"t"`
	Status Status `json:"s"`
}

const (
	keepEnded  = 8 * 24 * time.Hour // the longest window, and a day
	maxEnded   = 11000              // a run per minute for a week
	maxSeen    = 256
	maxRunning = 16
)

// Count returns how many runs ended with the status since then; false when that
// is not known, because the task runs so often that older ends were dropped.
func (t *Task) Count(status Status, since time.Time) (int, bool) {
	if len(t.Ended) == maxEnded && t.Ended[0].Unix > since.Unix() {
		return 0, false
	}
	n := 0
	for _, e := range t.Ended {
		if e.Status == status && e.Unix >= since.Unix() {
			n++
		}
	}
	return n, true
}

// LastStart returns the newest start of a run that is known in full.
func (t *Task) LastStart() time.Time {
	var newest time.Time
	if t.Last != nil {
		newest = t.Last.Start
	}
	for _, r := range t.Running {
		if r.Start.After(newest) {
			newest = r.Start
		}
	}
	return newest
}

// record takes a valid report in; false when it says nothing new.
func (t *Task) record(r Run, now time.Time) bool {
	r.Start, r.End = r.Start.UTC(), r.End.UTC()
	if slices.Contains(t.Seen, r.ID) {
		return false
	}
	at := slices.IndexFunc(t.Running, func(one Run) bool { return one.ID == r.ID })
	if r.Status == Running {
		if at >= 0 {
			return false
		}
		t.promise(r)
		t.begin(r, now)
		return true
	}
	if at >= 0 {
		t.Running = slices.Delete(t.Running, at, at+1)
	}
	t.promise(r)
	t.end(r, now)
	return true
}

// promise takes over what the newest run promises.
func (t *Task) promise(r Run) {
	if !r.Start.Before(t.LastStart()) {
		t.ExpectedIntervalSeconds = r.ExpectedIntervalSeconds
	}
}

// begin adds a run that goes on. Runs that never report their end would fill the
// file: the oldest of too many counts as lost.
func (t *Task) begin(r Run, now time.Time) {
	t.Running = append(t.Running, r)
	slices.SortStableFunc(t.Running, func(a, b Run) int { return a.Start.Compare(b.Start) })
	if len(t.Running) > maxRunning {
		lost := t.Running[0]
		lost.Status, lost.End = Lost, now.UTC()
		t.Running = slices.Delete(t.Running, 0, 1)
		t.end(lost, now)
	}
}

// end counts a run that ended. Reports may arrive late and in any order, so that
// the last run is the one with the latest end.
func (t *Task) end(r Run, now time.Time) {
	if t.Totals == nil {
		t.Totals = map[Status]uint64{}
	}
	t.Totals[r.Status]++
	t.Seen = keepLast(append(t.Seen, r.ID), maxSeen)
	newest(&t.Last, r)
	if r.Status.Good() {
		newest(&t.LastSuccess, r)
	} else {
		newest(&t.LastFailure, r)
	}
	t.Ended = append(t.Ended, Ended{r.End.Unix(), r.Status})
	slices.SortStableFunc(t.Ended, func(a, b Ended) int { return cmp.Compare(a.Unix, b.Unix) })
	oldest := now.Add(-keepEnded).Unix()
	t.Ended = slices.DeleteFunc(t.Ended, func(e Ended) bool { return e.Unix < oldest })
	t.Ended = keepLast(t.Ended, maxEnded)
}

func newest(kept **Run, r Run) {
	if *kept == nil || !r.End.Before((*kept).End) {
		*kept = &r
	}
}

func keepLast[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }
