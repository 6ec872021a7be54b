// SPDX-License-Identifier: Apache-2.0

//go:build unix

package job_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/collector/job"
)

// victim, in the environment, makes this program report runs into the folder that
// it names until it is killed.
const victim = "DBSYNC_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		reportUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

func reportUntilKilled(dir string) {
	store := job.New(job.Options{Dir: dir})
	for i := 0; ; i++ {
		if _, err := store.Report(context.Background(), ended(fmt.Sprint(i), job.Success)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i + 1)
	}
}

var start = time.Now().Add(-time.Hour).Truncate(time.Second).UTC()

func begun(id string) job.Run {
	return job.Run{ID: id, RunType: "backup", Task: "nightly", Status: job.Running, Start: start}
}

func ended(id string, status job.Status) job.Run {
	r := begun(id)
	r.Status, r.End = status, start.Add(time.Minute)
	return r
}

func report(t *testing.T, s *job.Store, r job.Run) bool {
	t.Helper()
	news, err := s.Report(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return news
}

func nightly(t *testing.T, s *job.Store) job.Task {
	t.Helper()
	task, ok := s.Task("backup", "nightly")
	if !ok {
		t.Fatal("no task")
	}
	return task
}

func TestRunCountsOnceHoweverOftenItIsReported(t *testing.T) {
	s := job.New(job.Options{Dir: t.TempDir()})
	for _, step := range []struct {
		run           job.Run
		news          bool
		running, good int
	}{
		{begun("a"), true, 1, 0},
		{begun("a"), false, 1, 0},
		{ended("a", job.Success), true, 0, 1},
		{ended("a", job.Success), false, 0, 1},
		{begun("a"), false, 0, 1}, // the reports overtook each other
		{ended("b", job.Success), true, 0, 2},
	} {
		if news := report(t, s, step.run); news != step.news {
			t.Errorf("%s %s: news %v", step.run.ID, step.run.Status, news)
		}
		if task := nightly(t, s); len(task.Running) != step.running || int(task.Totals[job.Success]) != step.good {
			t.Errorf("%s %s: %d running, totals %v", step.run.ID, step.run.Status, len(task.Running), task.Totals)
		}
	}
}

// Whatever the order of arrival, the last run is the one that ended last.
func TestLateReportDoesNotBecomeTheLastRun(t *testing.T) {
	s := job.New(job.Options{Dir: t.TempDir()})
	newer := ended("newer", job.Success)
	newer.End = newer.End.Add(time.Minute)
	report(t, s, newer)
	report(t, s, ended("older", job.Failed))
	task := nightly(t, s)
	if task.Last.ID != "newer" || task.LastSuccess.ID != "newer" || task.LastFailure.ID != "older" {
		t.Errorf("last %s, success %s, failure %s", task.Last.ID, task.LastSuccess.ID, task.LastFailure.ID)
	}
	if n, known := task.Count(job.Failed, start); n != 1 || !known {
		t.Errorf("%d failed, known %v", n, known)
	}
}

func TestRunsWithoutAnEndAreLostWhenTheyAreTooMany(t *testing.T) {
	s := job.New(job.Options{Dir: t.TempDir()})
	for i := range 20 {
		r := begun(fmt.Sprint(i))
		r.Start = start.Add(time.Duration(i) * time.Second)
		report(t, s, r)
	}
	if task := nightly(t, s); len(task.Running) != 16 || task.Totals[job.Lost] != 4 || task.Running[0].ID != "4" {
		t.Errorf("%d running, totals %v", len(task.Running), task.Totals)
	}
}

func TestProcessesThatShareTheFolderLoseNothing(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	const writers, runs = 4, 25
	for w := range writers {
		wg.Go(func() {
			s := job.New(job.Options{Dir: dir})
			for i := range runs {
				if _, err := s.Report(t.Context(), ended(fmt.Sprintf("%d-%d", w, i), job.Success)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s := job.New(job.Options{Dir: dir})
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := nightly(t, s).Totals[job.Success]; got != writers*runs {
		t.Errorf("%d runs of %d", got, writers*runs)
	}
}

// What was acknowledged survives the death of whoever wrote it, and nobody waits
// for the lock of the dead.
func TestKilledWriterLosesNothingThatItReported(t *testing.T) {
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	writer := exec.CommandContext(t.Context(), program)
	writer.Env = append(os.Environ(), victim+"="+dir)
	out, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(lines.Text())
		}
		if acknowledged == 20 {
			if err := writer.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = writer.Wait()
	s := job.New(job.Options{Dir: dir})
	report(t, s, ended("after", job.Failed))
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := int(nightly(t, s).Totals[job.Success]); got != acknowledged && got != acknowledged+1 {
		t.Errorf("%d runs, %d were acknowledged", got, acknowledged)
	}
}

func TestBrokenStateFileFailsItsTaskAlone(t *testing.T) {
	dir := t.TempDir()
	s := job.New(job.Options{Dir: dir})
	report(t, s, ended("a", job.Success))
	broken := filepath.Join(dir, "backup@other.json")
	if err := os.WriteFile(broken, []byte(`{"run_type":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("the error does not name the file: %v", err)
	}
	nightly(t, s)
	other := ended("b", job.Success)
	other.Task = "other"
	if _, err := s.Report(t.Context(), other); err == nil {
		t.Error("the broken file was overwritten")
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	report(t, s, other)
}

// The newest state is kept while its file cannot be read.
func TestBrokenStateFileKeepsWhatIsKnown(t *testing.T) {
	dir := t.TempDir()
	s := job.New(job.Options{Dir: dir})
	report(t, s, ended("a", job.Success))
	if err := os.WriteFile(filepath.Join(dir, "backup@nightly.json"), []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if nightly(t, s).Totals[job.Success] != 1 {
		t.Error("forgotten")
	}
}

func TestRetiredTaskIsGone(t *testing.T) {
	s := job.New(job.Options{Dir: filepath.Join(t.TempDir(), "later")})
	if err := s.Delete(t.Context(), "backup", "nightly"); !errors.Is(err, job.ErrNotFound) {
		t.Error(err)
	}
	report(t, s, ended("a", job.Success))
	if err := s.Delete(t.Context(), "backup", "nightly"); err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.Refresh(t.Context()), s.Delete(t.Context(), "backup", "nightly")); !errors.Is(err, job.ErrNotFound) {
		t.Error(err)
	}
	if tasks := s.List(); len(tasks) != 0 {
		t.Errorf("%d tasks", len(tasks))
	}
	if err := s.Delete(t.Context(), "../../etc", "passwd"); !errors.As(err, new(*job.FieldError)) {
		t.Errorf("a name that leads out of the folder: %v", err)
	}
}

func TestTasksAreBounded(t *testing.T) {
	dir := t.TempDir()
	for i := range job.MaxTasks {
		name := fmt.Sprintf("t%d", i)
		text := fmt.Sprintf(`{"run_type":"sync","task":%q,"totals":{}}`, name)
		if err := os.WriteFile(filepath.Join(dir, "sync@"+name+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := job.New(job.Options{Dir: dir})
	if _, err := s.Report(t.Context(), ended("a", job.Success)); !errors.Is(err, job.ErrTooManyTasks) {
		t.Error(err)
	}
	known := ended("a", job.Success)
	known.RunType, known.Task = "sync", "t0"
	report(t, s, known)
	if err := s.Refresh(t.Context()); err != nil || len(s.List()) != job.MaxTasks {
		t.Errorf("%d tasks, %v", len(s.List()), err)
	}
}
