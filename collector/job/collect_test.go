// SPDX-License-Identifier: Apache-2.0

//go:build unix

package job_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

func gatherer(t *testing.T, s *job.Store) prometheus.Gatherer {
	t.Helper()
	scraper, err := collector.NewScraper(&collector.Target{}, []collector.Definition{job.Definition(s)})
	if err != nil {
		t.Fatal(err)
	}
	return prometheus.Gatherers{prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return scraper.Scrape(t.Context()), nil
	})}
}

func TestRunsAreShown(t *testing.T) {
	at := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	s := job.New(job.Options{Dir: t.TempDir(), Now: func() time.Time { return at.Add(time.Hour) }})
	size, code := int64(4096), 3
	report(t, s, job.Run{ID: "1", RunType: "backup", Task: "nightly", Status: job.Success, Start: at, End: at.Add(90 * time.Second),
		SizeBytes: &size, ExpectedIntervalSeconds: 86400})
	report(t, s, job.Run{ID: "2", RunType: "backup", Task: "nightly", Status: job.Failed, Start: at.Add(10 * time.Minute),
		End: at.Add(11 * time.Minute), ExitCode: &code, Values: map[string]float64{"tables": 7}, ExpectedIntervalSeconds: 3600})
	report(t, s, job.Run{ID: "3", RunType: "sync", Task: "crm", Status: job.Running, Start: at.Add(20 * time.Minute)})
	want := `
# HELP dbsync_run_expected_interval_seconds How often the task promised to run, in its newest report with a promise.
# TYPE dbsync_run_expected_interval_seconds gauge
dbsync_run_expected_interval_seconds{run_type="backup",task="nightly"} 3600
# HELP dbsync_run_in_progress Runs that began and have not reported their end.
# TYPE dbsync_run_in_progress gauge
dbsync_run_in_progress{run_type="backup",task="nightly"} 0
dbsync_run_in_progress{run_type="sync",task="crm"} 1
# HELP dbsync_run_last_duration_seconds How long the run that ended last took.
# TYPE dbsync_run_last_duration_seconds gauge
dbsync_run_last_duration_seconds{run_type="backup",task="nightly"} 60
# HELP dbsync_run_last_end_timestamp_seconds When the newest run that ended did so, in Unix time.
# TYPE dbsync_run_last_end_timestamp_seconds gauge
dbsync_run_last_end_timestamp_seconds{run_type="backup",task="nightly"} 1.79548626e+09
# HELP dbsync_run_last_exit_code Exit code of the run that ended last, where it reported one.
# TYPE dbsync_run_last_exit_code gauge
dbsync_run_last_exit_code{run_type="backup",task="nightly"} 3
# HELP dbsync_run_last_start_timestamp_seconds When the newest run began, one in progress included, in Unix time.
# TYPE dbsync_run_last_start_timestamp_seconds gauge
dbsync_run_last_start_timestamp_seconds{run_type="backup",task="nightly"} 1.7954862e+09
dbsync_run_last_start_timestamp_seconds{run_type="sync",task="crm"} 1.7954868e+09
# HELP dbsync_run_last_success_timestamp_seconds When the newest successful run ended, in Unix time.
# TYPE dbsync_run_last_success_timestamp_seconds gauge
dbsync_run_last_success_timestamp_seconds{run_type="backup",task="nightly"} 1.79548569e+09
# HELP dbsync_run_value A figure that the run that ended last reported of itself.
# TYPE dbsync_run_value gauge
dbsync_run_value{name="tables",run_type="backup",task="nightly"} 7
# HELP dbsync_run_total Runs that ended, by status, since the task's first report. Every status is there from then on.
# TYPE dbsync_run_total counter
dbsync_run_total{run_type="backup",status="failed",task="nightly"} 1
dbsync_run_total{run_type="backup",status="lost",task="nightly"} 0
dbsync_run_total{run_type="backup",status="partial",task="nightly"} 0
dbsync_run_total{run_type="backup",status="success",task="nightly"} 1
dbsync_run_total{run_type="backup",status="timeout",task="nightly"} 0
dbsync_run_total{run_type="sync",status="failed",task="crm"} 0
dbsync_run_total{run_type="sync",status="lost",task="crm"} 0
dbsync_run_total{run_type="sync",status="partial",task="crm"} 0
dbsync_run_total{run_type="sync",status="success",task="crm"} 0
dbsync_run_total{run_type="sync",status="timeout",task="crm"} 0
`
	err := testutil.GatherAndCompare(gatherer(t, s), strings.NewReader(want), "dbsync_run_total", "dbsync_run_in_progress",
		"dbsync_run_last_start_timestamp_seconds", "dbsync_run_last_end_timestamp_seconds", "dbsync_run_last_success_timestamp_seconds",
		"dbsync_run_last_duration_seconds", "dbsync_run_last_exit_code", "dbsync_run_last_size_bytes",
		"dbsync_run_expected_interval_seconds", "dbsync_run_value")
	if err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(gatherer(t, s))
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// A file that cannot be read fails the source and hides nothing else.
func TestBrokenFolderIsToldBesideWhatIsKnown(t *testing.T) {
	dir := t.TempDir()
	s := job.New(job.Options{Dir: dir})
	report(t, s, ended("a", job.Success))
	if err := os.WriteFile(filepath.Join(dir, "backup@other.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP dbsync_run_last_end_timestamp_seconds When the newest run that ended did so, in Unix time.
# TYPE dbsync_run_last_end_timestamp_seconds gauge
dbsync_run_last_end_timestamp_seconds{run_type="backup",task="nightly"} ` + unix(start.Add(time.Minute)) + `
# HELP dbsync_source_success Whether the source (a history, a backup, a log, a group of queries) was read whole. Absent when it does not apply.
# TYPE dbsync_source_success gauge
dbsync_source_success{collector="job",source="state folder"} 0
`
	err := testutil.GatherAndCompare(gatherer(t, s), strings.NewReader(want), "dbsync_run_last_end_timestamp_seconds", "dbsync_source_success")
	if err != nil {
		t.Error(err)
	}
}

func TestTasksOfBackupsAreTold(t *testing.T) {
	feeds := []job.Feed{{RunType: "backup", Task: "dump", Backup: "nightly"}, {RunType: "restore_test", Task: "nightly", Backup: "nightly"}}
	scraper, err := collector.NewScraper(&collector.Target{}, []collector.Definition{
		job.Definition(job.New(job.Options{Dir: t.TempDir()}), feeds...),
	})
	if err != nil {
		t.Fatal(err)
	}
	all := prometheus.Gatherers{prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return scraper.Scrape(t.Context()), nil
	})}
	const want = `
# HELP dbsync_run_backup_info 1 for each task whose runs make or test a backup, and so show as dbsync_backup_* too.
# TYPE dbsync_run_backup_info gauge
dbsync_run_backup_info{backup="nightly",run_type="backup",task="dump"} 1
dbsync_run_backup_info{backup="nightly",run_type="restore_test",task="nightly"} 1
`
	if err := testutil.GatherAndCompare(all, strings.NewReader(want), "dbsync_run_backup_info"); err != nil {
		t.Error(err)
	}
}
