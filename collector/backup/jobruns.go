// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

// jobRuns is the method of backups whose job reports its runs. What they say of
// themselves is the evidence: exit code, duration, size.
func jobRuns() method {
	return method{
		name:     "job",
		statuses: []Status{Success, Failed, Timeout, Partial, Lost, Running},
		every:    5 * time.Second,
		open:     func(b Backup, e *env, _ *method) source { return &jobSource{e.runs, b.RunType, b.Task} },
	}
}

type jobSource struct {
	store         *job.Store
	runType, task string
}

func (s *jobSource) look(ctx context.Context) (history, error) {
	if s.store == nil {
		return history{}, collector.Skip(collector.Unconfigured, "name the state folder of the runs (jobs.state_dir)")
	}
	err := s.store.Refresh(ctx)
	task, ok := s.store.Task(s.runType, s.task)
	switch {
	case ok: // whatever is wrong with other tasks
		return fromTask(&task), nil
	case err != nil:
		return history{}, err
	}
	return history{}, nil
}

// fromTask turns what is kept of a task into runs: when and how each of the last
// days' runs ended, and all about those that go on and the last ones.
func fromTask(t *job.Task) history {
	runs := make([]Run, 0, len(t.Ended)+len(t.Running))
	for _, e := range t.Ended {
		runs = append(runs, Run{Kind: Full, End: time.Unix(e.Unix, 0), Status: Status(e.Status), Evidence: "report"})
	}
	for _, r := range []*job.Run{t.Last, t.LastSuccess, t.LastFailure} {
		if r != nil {
			runs = know(runs, fromRun(r))
		}
	}
	for i := range t.Running {
		runs = append(runs, fromRun(&t.Running[i]))
	}
	return history{runs: runs, complete: completeSince(t)}
}

// know puts a run that is known in full in the place of its short form.
func know(runs []Run, r Run) []Run {
	same := func(one Run) bool { return one.ID == r.ID }
	if slices.ContainsFunc(runs, same) {
		return runs
	}
	short := func(one Run) bool {
		return one.ID == "" && one.Status == r.Status && one.End.Unix() == r.End.Unix()
	}
	if i := slices.IndexFunc(runs, short); i >= 0 {
		runs[i] = r
		return runs
	}
	return append(runs, r)
}

func fromRun(r *job.Run) Run {
	run := Run{
		ID: r.ID, Kind: Full, Start: r.Start, End: r.End, Status: Status(r.Status),
		Evidence: cmp.Or(exit(r), "report"),
	}
	if r.SizeBytes != nil {
		run.Size = *r.SizeBytes
	}
	return run
}

func exit(r *job.Run) string {
	if r.ExitCode == nil {
		return ""
	}
	return fmt.Sprint("exit code ", *r.ExitCode)
}

// completeSince is the time since when no end is missing: of a task that runs
// very often only the newest ends are kept.
func completeSince(t *job.Task) time.Time {
	if _, all := t.Count(job.Success, time.Unix(0, 0)); !all {
		return time.Unix(t.Ended[0].Unix, 0)
	}
	return time.Time{}
}
