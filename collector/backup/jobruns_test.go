// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
)

func report(t *testing.T, store *job.Store, r job.Run) {
	t.Helper()
	r.RunType, r.Task = "backup", "nightly"
	if _, err := store.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// jobHistory is what the store's runs say as a backup.
func jobHistory(t *testing.T, store *job.Store) history {
	t.Helper()
	source := jobRuns().open(Backup{RunType: "backup", Task: "nightly"}, &env{runs: store}, &method{})
	h, err := source.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestReportedRunsBecomeBackups(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	store := job.New(job.Options{Dir: t.TempDir()})
	if h := jobHistory(t, store); len(h.runs) != 0 {
		t.Errorf("runs before the first report: %v", h.runs)
	}
	size, code := int64(5<<30), 2
	report(t, store, job.Run{ID: "1", Status: job.Success, Start: now.Add(-49 * hour), End: now.Add(-48 * hour), SizeBytes: &size})
	report(t, store, job.Run{ID: "2", Status: job.Failed, Start: now.Add(-25 * hour), End: now.Add(-24 * hour), ExitCode: &code})
	report(t, store, job.Run{ID: "3", Status: job.Success, Start: now.Add(-3 * hour), End: now.Add(-2 * hour)})
	report(t, store, job.Run{ID: "4", Status: job.Timeout, Start: now.Add(-2 * hour), End: now.Add(-hour)})
	report(t, store, job.Run{ID: "5", Status: job.Running, Start: now})

	s := summarise(jobHistory(t, store), now)[0]
	if s.running != 1 || s.newest.ID != "5" || s.ended.ID != "4" || s.success.ID != "3" || s.failure.ID != "4" {
		t.Errorf("got %+v", s)
	}
	want := map[string]map[Status]int{
		"24h": {Success: 1, Failed: 1, Timeout: 1, Running: 1},
		"7d":  {Success: 2, Failed: 1, Timeout: 1, Running: 1},
	}
	for window, counts := range want {
		for status, n := range counts {
			if got := s.counts[window][status]; got != n {
				t.Errorf("%s in %s: %d, want %d", status, window, got, n)
			}
		}
	}
}

func TestLastSuccessLongAgoIsNotForgotten(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	store := job.New(job.Options{Dir: t.TempDir()})
	report(t, store, job.Run{ID: "1", Status: job.Success, Start: now.Add(-501 * hour), End: now.Add(-500 * hour)})
	report(t, store, job.Run{ID: "2", Status: job.Lost, Start: now.Add(-3 * hour), End: now.Add(-2 * hour)})
	s := summarise(jobHistory(t, store), now)[0]
	if s.success == nil || !s.success.End.Equal(now.Add(-500*hour)) || s.ended.Status != Lost {
		t.Errorf("success %+v, ended %+v", s.success, s.ended)
	}
}

func TestCountsAreAbsentWhereEndsAreMissing(t *testing.T) {
	now := time.Now()
	h := history{complete: now.Add(-48 * hour)}
	s := summarise(h, now)[0]
	if s.counts["24h"] == nil || s.counts["7d"] != nil {
		t.Errorf("counts %v", s.counts)
	}
}
