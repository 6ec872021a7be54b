// SPDX-License-Identifier: Apache-2.0

//go:build unix

package endurance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// wrapper is `dbsyncctl run`. It promises that its command goes on when it dies, and ends as it would have.
type wrapper struct {
	program, state, work string
	began                int      // jobs that were started
	before               job.Task // as the last death but one has left it
}

func newWrapper(t *testing.T, programs string) *wrapper {
	return &wrapper{program: filepath.Join(programs, "dbsyncctl"), state: t.TempDir(), work: t.TempDir()}
}

func (*wrapper) name() string { return "dbsyncctl run" }

func (w *wrapper) tally() string {
	return fmt.Sprintf("of %d jobs and the run after each of them %d are recorded as a success, %d as lost",
		w.began, w.before.Totals[job.Success], w.before.Totals[job.Lost])
}

func (w *wrapper) run(t *testing.T, command ...string) *exec.Cmd {
	return exec.CommandContext(t.Context(), w.program,
		append([]string{"run", "--type=backup", "--task=nightly", "--state-dir=" + w.state, "--"}, command...)...)
}

func (w *wrapper) start(t *testing.T) *exec.Cmd {
	t.Helper()
	w.began++
	script := fmt.Sprintf("touch %s; sleep 0.1; touch %s", w.mark("began"), w.mark("done"))
	command := w.run(t, "sh", "-c", script)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command
}

func (w *wrapper) mark(name string) string {
	return filepath.Join(w.work, numbered(name+"-%d", w.began))
}

// task reads the state as any other program would.
func (w *wrapper) task(t *testing.T) job.Task {
	t.Helper()
	store := job.New(job.Options{Dir: w.state})
	if err := store.Refresh(t.Context()); err != nil {
		t.Errorf("the state is broken: %v", err)
	}
	task, _ := store.Task("backup", "nightly")
	return task
}

func (w *wrapper) survived(t *testing.T) {
	t.Helper()
	after := w.task(t)
	if _, err := os.Stat(w.mark("began")); err == nil {
		testenv.Eventually(t, 10*time.Second, "the command goes on to its end", func() error {
			_, err := os.Stat(w.mark("done"))
			return err
		})
	}
	marks, err := filepath.Glob(filepath.Join(w.state, "running", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	success, lost := after.Totals[job.Success], after.Totals[job.Lost]
	if d := success - w.before.Totals[job.Success]; d > 1 || lost != w.before.Totals[job.Lost] || len(after.Running) > len(marks) {
		t.Errorf("one run made %+v of %+v, with %d marks", after, w.before, len(marks))
	}
	if err := w.run(t, "true").Run(); err != nil {
		t.Errorf("the next run: %v", err)
	}
	next := w.task(t)
	// A run that has ended stays what it is, although its mark may be left; one whose mark alone is there was begun.
	newlyLost := next.Totals[job.Lost] - lost
	if next.Totals[job.Success] != success+1 || newlyLost < uint64(len(after.Running)) || newlyLost > uint64(len(marks)) {
		t.Errorf("%d marks and %d runs in progress were left, and the next start made %+v of %+v", len(marks), len(after.Running), next, after)
	}
	if len(next.Running) > 0 {
		t.Errorf("still in progress: %+v", next.Running)
	}
	w.before = next
	if err := onlyState(w.state, "running"); err != nil {
		t.Error(err)
	}
}

// onlyState returns an error when a state folder holds more than a temporary file of each kind: what crashes leave must
// not pile up.
func onlyState(dir, marks string) error {
	var errs []error
	left, _ := filepath.Glob(filepath.Join(dir, marks, "*.json"))
	for _, name := range left {
		errs = append(errs, fmt.Errorf("%s is left", name))
	}
	for _, pattern := range []string{filepath.Join(dir, ".*"), filepath.Join(dir, marks, ".*")} {
		if hidden, _ := filepath.Glob(pattern); len(hidden) > 3 {
			errs = append(errs, fmt.Errorf("crashes have left %d files: %v", len(hidden), hidden))
		}
	}
	return errors.Join(errs...)
}
