// SPDX-License-Identifier: Apache-2.0

//go:build unix

package wrap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/collector/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reports keeps what is reported.
type reports struct {
	runs []job.Run
	err  error
}

func (r *reports) Report(_ context.Context, run job.Run) (bool, error) {
	r.runs = append(r.runs, run)
	return true, r.err
}

// shell is a job that runs a script in a process group of its own, as without a terminal.
func shell(t *testing.T, script string) (*Job, *[]error) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = null.Close() })
	complaints := &[]error{}
	return &Job{
		RunType: "backup", Task: "nightly", Command: []string{"sh", "-c", script}, Dir: t.TempDir(),
		Stdin: null, Stdout: null, Stderr: null, Grace: 100 * time.Millisecond,
		Complain: func(err error) { *complaints = append(*complaints, err) },
	}, complaints
}

func TestStatusTellsHowItEnded(t *testing.T) {
	for _, test := range []struct {
		script  string
		timeout time.Duration
		status  job.Status
		code    int
	}{
		{"exit 0", 0, job.Success, 0},
		{"exit 3", 0, job.Failed, 3},
		{"kill -KILL $$", 0, job.Failed, 137},
		{"sleep 60 | sleep 60", 100 * time.Millisecond, job.Timeout, ExitTimeout},
		{"trap '' TERM; while :; do sleep 0.01; done", 100 * time.Millisecond, job.Timeout, ExitTimeout},
		{"trap 'exit 0' TERM; while :; do sleep 0.01; done", 100 * time.Millisecond, job.Timeout, ExitTimeout},
		// Somebody asks the wrapper to end, and the command claims that all is well.
		{fmt.Sprintf("trap 'exit 0' TERM; kill -TERM %d; while :; do sleep 0.01; done", os.Getpid()), 0, job.Partial, 0},
		{fmt.Sprintf("trap 'exit 0' USR1; kill -USR1 %d; while :; do sleep 0.01; done", os.Getpid()), 0, job.Success, 0},
	} {
		j, complaints := shell(t, test.script)
		j.Timeout, j.Every = test.timeout, time.Hour
		got := &reports{}
		code := j.Run(t.Context(), got)
		if len(got.runs) != 2 || len(*complaints) > 0 {
			t.Fatalf("%s: %d reports, complaints %v", test.script, len(got.runs), *complaints)
		}
		begin, end := got.runs[0], got.runs[1]
		if begin.Status != job.Running || begin.ID != end.ID || begin.ExitCode != nil || end.Validate(time.Now()) != nil {
			t.Errorf("%s: reported %+v and %+v", test.script, begin, end)
		}
		if end.Status != test.status || code != test.code || *end.ExitCode != code || end.ExpectedIntervalSeconds != 3600 {
			t.Errorf("%s: %s with %d, want %s with %d", test.script, end.Status, code, test.status, test.code)
		}
	}
}

func TestSizeIsOfThisRun(t *testing.T) {
	for _, test := range []struct {
		script, path string
		size         int64
		complaint    string
	}{
		{"printf 12345 > out.sql", "out.sql", 5, ""},
		{"mkdir -p dump/a && printf 123 > dump/a/1 && printf 12 > dump/2 && ln -s 2 dump/link", "dump", 5, ""},
		{"touch -d '3 hours ago' old.sql", "old.sql", -1, "nothing in"},
		{"mkdir empty", "empty", -1, "holds no file"},
		{"exit 0", "missing", -1, "no such file"},
	} {
		j, complaints := shell(t, test.script)
		j.SizeOf = filepath.Join(j.Dir, test.path)
		got := &reports{}
		if code := j.Run(t.Context(), got); code != 0 {
			t.Fatalf("%s: exit code %d", test.script, code)
		}
		switch size := got.runs[1].SizeBytes; {
		case test.complaint != "":
			if size != nil || len(*complaints) != 1 || !strings.Contains((*complaints)[0].Error(), test.complaint) {
				t.Errorf("%s: size %v, complaints %v, want %q", test.script, size, *complaints, test.complaint)
			}
		case size == nil || *size != test.size:
			t.Errorf("%s: size %v (%v), want %d", test.script, size, *complaints, test.size)
		}
	}
}

func TestAReporterThatFailsChangesNothing(t *testing.T) {
	j, complaints := shell(t, "exit 4")
	if code := j.Run(t.Context(), &reports{err: errors.New("full")}); code != 4 || len(*complaints) != 2 {
		t.Errorf("exit code %d, complaints %v", code, *complaints)
	}
}

func TestNamesAreCheckedFirst(t *testing.T) {
	j, _ := shell(t, "exit 0")
	j.Task = "with space"
	if err := j.Validate(); err == nil || !strings.Contains(err.Error(), "task") {
		t.Errorf("got %v", err)
	}
}

// exporter answers with each of the codes once, then with 201, and counts the requests.
type exporter struct {
	mu    sync.Mutex
	codes []int
	asked int
}

func (e *exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	switch {
	case r.URL.Path != "/api/v1/runs" || r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusForbidden)
	case len(e.codes) > 0:
		w.WriteHeader(e.codes[0])
		e.codes = e.codes[1:]
	default:
		w.WriteHeader(http.StatusCreated)
	}
}

func TestPushInsistsOnTheEnd(t *testing.T) {
	ended := job.Run{Status: job.Success, Start: time.Now(), End: time.Now()}
	for _, test := range []struct {
		name  string
		run   job.Run
		codes []int
		asked int
		fails string
	}{
		{"taken", ended, nil, 1, ""},
		{"the exporter restarts", ended, []int{503}, 2, ""},
		{"the begin does not hold the job up", job.Run{Status: job.Running}, []int{503}, 1, "503"},
		{"a report that is refused", ended, []int{400}, 1, "400"},
	} {
		e := &exporter{codes: test.codes}
		server := httptest.NewServer(e)
		push := &Push{URL: server.URL + "/", Token: "secret", Client: server.Client()}
		recorded, err := push.Report(t.Context(), test.run)
		server.Close()
		if e.asked != test.asked || recorded != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: asked %d times, recorded %v, %v", test.name, e.asked, recorded, err)
		}
	}
}

func TestMarksOfLivingWrappersStay(t *testing.T) {
	dir := t.TempDir()
	begin := func() job.Run {
		j, _ := shell(t, "")
		return j.begin(time.Now())
	}
	living, dead := OpenFolder(dir), OpenFolder(dir)
	for _, one := range []*Folder{living, dead} {
		if _, err := one.Report(t.Context(), begin()); err != nil {
			t.Fatal(err)
		}
	}
	if err := dead.mark.Close(); err != nil { // as the kernel does for a process that is killed
		t.Fatal(err)
	}
	next := OpenFolder(dir)
	run := begin()
	if _, err := next.Report(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	task, _ := next.store.Task("backup", "nightly")
	if len(task.Running) != 2 || task.Totals[job.Lost] != 1 {
		t.Errorf("%d run, %d are lost, want 2 and 1", len(task.Running), task.Totals[job.Lost])
	}
	run.Status, run.End = job.Success, time.Now()
	if _, err := next.Report(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if marks, _ := filepath.Glob(filepath.Join(dir, marksName, "*")); len(marks) != 1 {
		t.Errorf("the marks are %v, want that of the living", marks)
	}
	if err := living.mark.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatAKilledWrapperHadNotFinishedIsSwept(t *testing.T) {
	dir := t.TempDir()
	marks := filepath.Join(dir, marksName)
	if err := os.MkdirAll(marks, 0o755); err != nil {
		t.Fatal(err)
	}
	old, fresh := filepath.Join(marks, ".new-1"), filepath.Join(marks, ".new-2")
	for _, path := range []string{old, fresh} {
		if err := os.WriteFile(path, []byte(`{"id":`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * abandoned)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	j, _ := shell(t, "")
	if _, err := OpenFolder(dir).Report(t.Context(), j.begin(time.Now())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old one is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("one that may be in the making: %v", err)
	}
}
