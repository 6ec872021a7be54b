// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/hang"
)

var (
	runTotal = family("dbsync_run_total", collector.Counter,
		"Runs that ended, by status, since the task's first report. Every status is there from then on.", "status")
	runInProgress = family("dbsync_run_in_progress", collector.Gauge, "Runs that began and have not reported their end.")
	lastStart     = family("dbsync_run_last_start_timestamp_seconds", collector.Gauge,
		"When the newest run began, one in progress included, in Unix time.")
	lastEnd = family("dbsync_run_last_end_timestamp_seconds", collector.Gauge,
		"When the newest run that ended did so, in Unix time.")
	lastSuccess = family("dbsync_run_last_success_timestamp_seconds", collector.Gauge,
		"When the newest successful run ended, in Unix time.")
	lastDuration = family("dbsync_run_last_duration_seconds", collector.Gauge, "How long the run that ended last took.")
	lastExitCode = family("dbsync_run_last_exit_code", collector.Gauge,
		"Exit code of the run that ended last, where it reported one.")
	lastSize = family("dbsync_run_last_size_bytes", collector.Gauge,
		"Size of what the run that ended last made, where it reported one.")
	lastStatus = family("dbsync_run_last_status", collector.Gauge,
		"1 for the status of the run that ended last, 0 for the others.", "status")
	expectedInterval = family("dbsync_run_expected_interval_seconds", collector.Gauge,
		"How often the task promised to run, in its newest report with a promise.")
	runValue = family("dbsync_run_value", collector.Gauge,
		"A figure that the run that ended last reported of itself.", "name")

	backupInfo = &collector.Family{
		Name: "dbsync_run_backup_info", Type: collector.Gauge, Labels: []string{"run_type", "task", "backup"},
		Help:   "1 for each task whose runs make or test a backup, and so show as dbsync_backup_* too.",
		Source: "the configuration (backups)", MaxSeries: MaxTasks,
	}

	families = []*collector.Family{
		runTotal, runInProgress, lastStart, lastEnd, lastSuccess, lastDuration, lastExitCode, lastSize, lastStatus,
		expectedInterval, runValue, backupInfo,
	}
)

func family(name string, typ collector.Type, help string, labels ...string) *collector.Family {
	return &collector.Family{
		Name: name, Help: help, Type: typ, Labels: append([]string{"run_type", "task"}, labels...),
		Source: "the state folder (jobs.state_dir)", MaxSeries: MaxTasks * 10,
	}
}

// refreshLimit is how long a scrape waits for the state folder before it shows
// what is known without it.
const refreshLimit = time.Second

// Feed says that a task's runs make or test a backup.
type Feed struct{ RunType, Task, Backup string }

// Definition declares the collector of the store's tasks, some of which are a
// backup's.
func Definition(store *Store, feeds ...Feed) collector.Definition {
	return collector.Definition{
		Name:     "job",
		Help:     "Runs of jobs, as reported by `dbsyncctl run`, the run API or the Go client.",
		Default:  true,
		Cost:     "One stat call per task; a task's file is read when it changed.",
		Families: families,
		New: func(*collector.Target) collector.Collector {
			var guard hang.Guard
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				out.Source(ctx, "state folder", func(ctx context.Context, _ *collector.Sink) error {
					return refresh(ctx, &guard, store)
				})
				for _, task := range store.List() {
					emit(out, &task)
				}
				for _, f := range feeds {
					out.Emit(backupInfo, 1, f.RunType, f.Task, f.Backup)
				}
				return nil
			})
		},
	}
}

func refresh(ctx context.Context, guard *hang.Guard, store *Store) error {
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	_, err := hang.Do(ctx, guard, func() (struct{}, error) { return struct{}{}, store.Refresh(ctx) })
	return err
}

func emit(out *collector.Sink, t *Task) {
	for _, status := range FinalStatuses() {
		out.Emit(runTotal, float64(t.Totals[status]), t.RunType, t.Name, string(status))
	}
	out.Emit(runInProgress, float64(len(t.Running)), t.RunType, t.Name)
	emitTime(out, lastStart, t, t.LastStart())
	if t.ExpectedIntervalSeconds > 0 {
		out.Emit(expectedInterval, t.ExpectedIntervalSeconds, t.RunType, t.Name)
	}
	if t.LastSuccess != nil {
		emitTime(out, lastSuccess, t, t.LastSuccess.End)
	}
	if t.Last != nil {
		emitLast(out, t, t.Last)
	}
}

// emitLast shows the run that ended last.
func emitLast(out *collector.Sink, t *Task, r *Run) {
	emitTime(out, lastEnd, t, r.End)
	out.Emit(lastDuration, r.End.Sub(r.Start).Seconds(), t.RunType, t.Name)
	if r.ExitCode != nil {
		out.Emit(lastExitCode, float64(*r.ExitCode), t.RunType, t.Name)
	}
	if r.SizeBytes != nil {
		out.Emit(lastSize, float64(*r.SizeBytes), t.RunType, t.Name)
	}
	for _, status := range FinalStatuses() {
		out.Emit(lastStatus, collector.Bool(r.Status == status), t.RunType, t.Name, string(status))
	}
	for name, value := range r.Values {
		out.Emit(runValue, value, t.RunType, t.Name, name)
	}
}

func emitTime(out *collector.Sink, f *collector.Family, t *Task, at time.Time) {
	if !at.IsZero() {
		out.Emit(f, float64(at.UnixMilli())/1000, t.RunType, t.Name)
	}
}
