// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// task reads what a state folder knows of the task of these tests.
func task(t *testing.T, dir string) job.Task {
	t.Helper()
	store := job.New(job.Options{Dir: dir})
	if err := store.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	found, _ := store.Task("backup", "nightly")
	return found
}

// wrapper is a `dbsyncctl run` in a process of its own.
func wrapper(t *testing.T, state string, args ...string) *exec.Cmd {
	t.Helper()
	dir, env := installed(t)
	args = append([]string{"run", "--type", "backup", "--task", "nightly", "--state-dir", state}, args...)
	command := exec.Command(filepath.Join(dir, program), args...)
	command.Env = env
	return command
}

func TestRunIsTransparent(t *testing.T) {
	state := t.TempDir()
	command := wrapper(t, state, "--", "sh", "-c", `read line; echo "$line $*"; echo complaint >&2; exit 7`, "--", "@file", "--", "-x")
	command.Stdin = strings.NewReader("hello\n")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if string(out) != "hello @file -- -x\n" || stderr.String() != "complaint\n" {
		t.Errorf("wrote %q and %q", out, stderr.String())
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("ended with %v, want exit code 7", err)
	}
	got := task(t, state)
	if got.Last == nil || got.Last.Status != job.Failed || *got.Last.ExitCode != 7 || got.LastSuccess != nil {
		t.Errorf("reported %+v", got)
	}
}

// TestAKilledWrapperIsNoSuccess kills the wrapper as the kernel does when memory runs out. Its command goes on and ends
// well, which nobody can know.
func TestAKilledWrapperIsNoSuccess(t *testing.T) {
	state, began := t.TempDir(), filepath.Join(t.TempDir(), "began")
	command := wrapper(t, state, "--", "sh", "-c", "touch "+began+"; sleep 0.2")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 10*time.Second, "the command runs", func() error {
		_, err := os.Stat(began)
		return err
	})
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if got := task(t, state); len(got.Running) != 1 || got.Last != nil {
		t.Errorf("after the kill: %+v", got)
	}
	if err := wrapper(t, state, "--", "true").Run(); err != nil {
		t.Fatal(err)
	}
	got := task(t, state)
	if got.Totals[job.Lost] != 1 || got.Totals[job.Success] != 1 || len(got.Running) != 0 {
		t.Errorf("after the next run: %+v", got)
	}
}

// TestSignalsReachTheWholePipeline ends a wrapper that has no terminal, as systemd and cron leave it.
func TestSignalsReachTheWholePipeline(t *testing.T) {
	state, began := t.TempDir(), filepath.Join(t.TempDir(), "began")
	command := wrapper(t, state, "--", "sh", "-c", "sleep 60 | { touch "+began+"; sleep 60; }")
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 10*time.Second, "the command runs", func() error {
		_, err := os.Stat(began)
		return err
	})
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := command.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Errorf("ended with %v, want exit code 143", err)
	}
	if got := task(t, state); got.Last == nil || got.Last.Status != job.Failed {
		t.Errorf("reported %+v", got)
	}
}

func TestAReportThatFailsStopsNoJob(t *testing.T) {
	file := write(t, "file", "")
	command := wrapper(t, filepath.Join(file, "state"), "--", "echo", "done")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if string(out) != "done\n" || err != nil || !strings.Contains(stderr.String(), "this run is not reported as success") {
		t.Errorf("wrote %q, ended with %v, complained %q", out, err, stderr.String())
	}
}

func TestWhatCannotBeRunIsReported(t *testing.T) {
	state := t.TempDir()
	for code, name := range map[int]string{127: "no-such-program", 126: t.TempDir()} {
		err := wrapper(t, state, "--", name).Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != code {
			t.Errorf("%s: ended with %v, want exit code %d", name, err, code)
		}
	}
	if got := task(t, state); got.Totals[job.Failed] != 2 {
		t.Errorf("reported %+v", got)
	}
}
