// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

// emitter writes the series of one backup and kind.
type emitter struct {
	out    *collector.Sink
	labels [3]string
}

func (e emitter) put(f *collector.Family, value float64, more ...string) {
	e.out.Emit(f, value, append(e.labels[:3:3], more...)...)
}

func (e emitter) time(f *collector.Family, t time.Time) {
	if !t.IsZero() {
		e.put(f, float64(t.UnixMilli())/1000)
	}
}

// positive shows a figure that is known when it is not 0.
func (e emitter) positive(f *collector.Family, value float64) {
	if value > 0 {
		e.put(f, value)
	}
}

func emitPromises(out *collector.Sink, b *Backup, kinds []Kind) {
	for _, kind := range kinds {
		e := emitter{out, [3]string{b.Name, b.Method, string(kind)}}
		e.positive(expectedInterval, b.ExpectedInterval.Seconds())
		e.positive(maxDuration, b.MaxDuration.Seconds())
		e.positive(minSize, float64(b.MinSize))
		e.positive(expectedVerify, b.VerifyInterval.Seconds())
		e.positive(expectedTest, b.RestoreTestInterval.Seconds())
	}
}

func emitSummary(out *collector.Sink, b *Backup, m *method, s *summary) {
	e := emitter{out, [3]string{b.Name, b.Method, string(s.kind)}}
	if s.newest != nil {
		e.time(lastStart, s.newest.Start)
	}
	if s.success != nil {
		e.time(lastSuccess, s.success.End)
		e.positive(lastSize, float64(s.success.Size))
		e.positive(lastStored, float64(s.success.Stored))
	}
	if s.failure != nil {
		e.time(lastFailure, s.failure.End)
	}
	e.ended(m, s.ended)
	e.running(m, s)
	e.compared(s)
	e.checked(m, s)
	if m.kept {
		e.put(retained, float64(s.retained))
		e.time(oldest, s.oldest)
		e.put(unjudged, float64(s.unjudged))
	}
	for _, w := range windows() {
		for _, status := range m.statuses {
			if counts := s.counts[w.name]; counts != nil {
				e.put(recentRuns, float64(counts[status]), string(status), w.name)
			}
		}
	}
}

// ended shows the run that ended last.
func (e emitter) ended(m *method, r *Run) {
	if r == nil {
		return
	}
	e.time(lastEnd, r.End)
	if !r.Start.IsZero() {
		e.put(lastDuration, r.End.Sub(r.Start).Seconds())
	}
	for _, status := range m.statuses {
		if status != Running {
			e.put(lastStatus, collector.Bool(r.Status == status), string(status))
		}
	}
}

// running shows what goes on, where that can be seen.
func (e emitter) running(m *method, s *summary) {
	if !m.sees(Running) {
		return
	}
	e.put(inProgress, float64(s.running))
	if s.going != nil && s.going.Stored > 0 && s.success != nil && s.success.Stored > 0 {
		e.put(progress, min(1, float64(s.going.Stored)/float64(s.success.Stored)))
	}
}

// compared shows the newest successful backup beside those before it.
func (e emitter) compared(s *summary) {
	if s.sizes.known {
		e.put(usualSize, s.sizes.usual)
		e.put(usualSpread, s.sizes.spread)
		e.put(sizeRatio, s.sizes.ratio)
	}
	if s.durations.known {
		e.put(usualDuration, s.durations.usual)
		e.put(usualDurationSpread, s.durations.spread)
		e.put(durationRatio, s.durations.ratio)
	}
	if s.success != nil && s.success.Size+s.success.Stored > 0 {
		e.put(identical, float64(s.sizes.repeats))
	}
	if s.kind == Incremental && s.success != nil {
		e.put(chainBroken, collector.Bool(s.broken))
	}
}

// checked shows how far backups that are kept were checked.
func (e emitter) checked(m *method, s *summary) {
	if m.kept && s.success != nil {
		for l, name := range Levels() {
			e.put(passed, collector.Bool(s.success.Level >= Level(l)), name)
		}
	}
	if s.verified != nil {
		e.time(lastVerify, s.verified.Verified)
		e.put(lastVerifySuccess, collector.Bool(s.verified.Status == Success))
	}
}

// emitRepository shows what all kinds together take.
func emitRepository(out *collector.Sink, b *Backup, s *state) {
	if s.stored > 0 {
		out.Emit(repositorySize, float64(s.stored), b.Name, b.Method)
	}
	if s.space.known {
		out.Emit(repositoryAvail, float64(s.space.avail), b.Name, b.Method)
	}
}

// emitRestoreTest shows the newest restore test, whatever it restored, with the
// full backups: without one nothing can be restored.
func emitRestoreTest(out *collector.Sink, b *Backup, runs *job.Store) {
	if runs == nil {
		return
	}
	task, ok := runs.Task(RestoreTest, b.Name)
	if !ok || task.Last == nil {
		return
	}
	e := emitter{out, [3]string{b.Name, b.Method, string(Full)}}
	e.time(lastTest, task.Last.End)
	e.put(lastTestSuccess, collector.Bool(task.Last.Status.Good()))
	e.put(lastTestDuration, task.Last.End.Sub(task.Last.Start).Seconds())
}

// RestoreTest is the type of the runs that are restore tests; the task is the
// backup's name.
const RestoreTest = "restore_test"
