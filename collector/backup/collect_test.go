// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestDefinitionIsValid(t *testing.T) {
	if err := collector.Validate([]collector.Definition{Definition(Options{})}); err != nil {
		t.Error(err)
	}
}

func TestWithoutBackupsTheCollectorIsSkipped(t *testing.T) {
	got := watching(t, &collector.Target{Name: "t"}, Options{})()
	got.want(t, 1, `dbsync_collector_skipped{reason="unconfigured"}`)
}

func TestDumpsAndRunsSideBySide(t *testing.T) {
	dir, store := t.TempDir(), job.New(job.Options{Dir: t.TempDir()})
	now := time.Now().Truncate(time.Second)
	gzip := compressors(t)[".sql.gz"]
	packed := gzip([]byte(plainDump))
	write(t, dir+"/1.sql.gz", packed, 50*hour)
	write(t, dir+"/2.sql.gz", gzip([]byte("half a dump")), 26*hour)
	write(t, dir+"/3.sql.gz", packed, 2*hour)
	write(t, dir+"/4.sql.gz", packed[:len(packed)/2], 0)
	code, size := 1, int64(1<<20)
	report(t, store, job.Run{ID: "1", Status: job.Failed, Start: now.Add(-hour), End: now, ExitCode: &code, SizeBytes: &size})
	scrape := watching(t, &collector.Target{Name: "t"}, Options{Runs: store, Backups: []Backup{
		{
			Name: "nightly", Method: "mysqldump", Path: dir + "/*", Trailer: true,
			ExpectedInterval: 24 * hour, MaxDuration: time.Hour, MinSize: 100,
		},
		{Name: "offsite", Method: "job", RunType: "backup", Task: "nightly"},
		{Name: "lost", Method: "mysqldump", Path: dir + "/missing/*"},
	}})
	var got scraped
	testenv.Eventually(t, 10*time.Second, "all dumps are judged", func() error {
		got = scrape()
		if n, ok := got[`dbsync_backup_unjudged{backup="nightly",kind="full",method="mysqldump"}`]; !ok || n != 0 {
			return fmt.Errorf("%v are not (known: %v)", n, ok)
		}
		return nil
	})
	const nightly = `{backup="nightly",kind="full",method="mysqldump"}`
	with := func(more string) string { return `{backup="nightly",kind="full",method="mysqldump",` + more + `}` }
	got.want(t, 1, `dbsync_source_success{source="nightly"}`)
	got.want(t, 1, `dbsync_source_success{source="offsite"}`)
	got.want(t, 0, `dbsync_source_success{source="lost"}`)
	got.want(t, 24*3600, "dbsync_backup_expected_interval_seconds"+nightly)
	got.want(t, 3600, "dbsync_backup_max_duration_seconds"+nightly)
	got.want(t, 100, "dbsync_backup_min_size_bytes"+nightly)
	got.want(t, 600, `dbsync_backup_max_duration_seconds{backup="lost",kind="full",method="mysqldump"}`)
	got.absent(t, `dbsync_backup_expected_interval_seconds{backup="lost",kind="full",method="mysqldump"}`)
	got.absent(t, `dbsync_backup_retained{backup="lost",kind="full",method="mysqldump"}`)
	got.want(t, 1, "dbsync_backup_in_progress"+nightly)
	got.want(t, 2, "dbsync_backup_retained"+nightly)
	got.want(t, float64(len(plainDump)), "dbsync_backup_last_success_size_bytes"+nightly)
	got.want(t, float64(len(packed)), "dbsync_backup_last_success_stored_bytes"+nightly)
	got.want(t, float64(len(packed)/2)/float64(len(packed)), "dbsync_backup_progress_ratio"+nightly)
	got.want(t, 1, "dbsync_backup_last_status"+with(`status="success"`))
	got.want(t, 0, "dbsync_backup_last_status"+with(`status="partial"`))
	got.absent(t, "dbsync_backup_last_status"+with(`status="timeout"`)) // files never show it
	got.want(t, 1, "dbsync_backup_recent_runs"+with(`status="success",window="24h"`))
	got.want(t, 2, "dbsync_backup_recent_runs"+with(`status="success",window="7d"`))
	got.want(t, 1, "dbsync_backup_recent_runs"+with(`status="partial",window="7d"`))
	got.want(t, 1, "dbsync_backup_recent_runs"+with(`status="running",window="24h"`))
	age := float64(time.Now().Unix()) - got["dbsync_backup_last_success_timestamp_seconds"+nightly]
	if age < 7100 || age > 7300 {
		t.Errorf("last success %v s ago", age)
	}
	const offsite = `{backup="offsite",kind="full",method="job"}`
	got.want(t, float64(now.Unix()), "dbsync_backup_last_failure_timestamp_seconds"+offsite)
	got.want(t, 3600, "dbsync_backup_last_duration_seconds"+offsite)
	got.want(t, 1, `dbsync_backup_last_status{backup="offsite",kind="full",method="job",status="failed"}`)
	got.absent(t, "dbsync_backup_last_success_timestamp_seconds"+offsite)
	got.absent(t, "dbsync_backup_retained"+offsite)
}

func TestANewDumpIsSeenAndARemovedOneForgotten(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "1.sql"), []byte(plainDump), hour)
	w := newWatch(Backup{Name: "n", Method: "mysqldump", Path: dir + "/*", Trailer: true, MaxDuration: hour},
		mysqldump(), testEnv(new(clock)))
	w.look(t.Context())
	if got := w.state.summaries[0].retained; got != 1 {
		t.Errorf("retained %d", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.look(t.Context())
	if got := w.state.summaries[0]; got.retained != 0 || got.success != nil {
		t.Errorf("got %+v", got)
	}
}

// stuck is a source whose folder does not answer until it is released.
type stuck struct{ release chan struct{} }

func (s stuck) look(context.Context) (history, error) {
	<-s.release
	return history{runs: []Run{{Kind: Full, Status: Success, End: time.Now()}}}, nil
}

func TestHungFolderDelaysNothingAndIsReportedWhenTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, made := stuck{make(chan struct{})}, time.Now()
		ws := newWatches(Options{}, testEnv(new(clock)).target)
		for name, from := range map[string]source{"hung": hung, "good": &jobSource{store: job.New(job.Options{Dir: t.TempDir()})}} {
			m := jobRuns()
			m.open = func(Backup, *env, *method) source { return from }
			ws.all = append(ws.all, newWatch(Backup{Name: name, Method: "job"}, m, testEnv(new(clock))))
		}
		d := Definition(Options{})
		d.New = func(*collector.Target) collector.Collector { return ws }
		s, err := collector.NewScraper(&collector.Target{Name: "t"}, []collector.Definition{d})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		outcome := func(name string) (value float64, there bool) {
			start := time.Now()
			for _, f := range s.Scrape(t.Context()) {
				for _, m := range f.Metric {
					if f.GetName() == "dbsync_source_success" && m.Label[1].GetValue() == name {
						value, there = m.GetGauge().GetValue(), true
					}
				}
			}
			if took := time.Since(start); took > firstLook || time.Since(made) > 2*firstLook && took > 0 {
				t.Errorf("a scrape took %v", took)
			}
			return value, there
		}
		if v, _ := outcome("good"); v != 1 {
			t.Error("the other backup is not served")
		}
		for range 3 {
			if v, there := outcome("hung"); v != 0 || !there {
				t.Errorf("hung, never seen: success %v, there %v", v, there)
			}
			time.Sleep(10 * time.Second)
		}
		close(hung.release)
		time.Sleep(time.Minute)
		if v, _ := outcome("hung"); v != 1 {
			t.Error("it does not come back")
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStateThatBecomesTooOldFails(t *testing.T) {
	var now clock
	w := newWatch(Backup{Name: "n", Method: "job"}, jobRuns(), testEnv(&now))
	s := state{at: now.now(), err: context.DeadlineExceeded}
	if err := w.failure(s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an error that is known: %v", err)
	}
	s.err = nil
	if err := w.failure(s); err != nil {
		t.Errorf("fresh: %v", err)
	}
	now.advance(10 * time.Minute)
	if err := w.failure(s); err == nil {
		t.Error("ten minutes old and shown")
	}
}
