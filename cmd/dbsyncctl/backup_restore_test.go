// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/restore"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// smallDump is what a MariaDB of the version that is at hand would dump.
func smallDump(t *testing.T) string {
	t.Helper()
	program, err := sandbox.FindMariaDB()
	version, err := testenv.Require(t, program, err).Output(t.Context(), "--no-defaults", "--version")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ = strings.Cut(strings.TrimSpace(version), "Ver ")
	return "-- MariaDB dump 10.19\n-- Host: localhost    Database: erp\n-- Server version\t" + version + "\n" +
		"CREATE TABLE invoice (id INT PRIMARY KEY);\nINSERT INTO invoice VALUES (1),(2);\n-- Dump completed on 2026-11-24  2:00:01\n"
}

func TestBackupRestoreTestReportsItsVerdict(t *testing.T) {
	file, dir := dumped(t, smallDump(t))
	state := t.TempDir()
	run := func(args ...string) (int, string, string) {
		return call(append([]string{"backup", "restore-test", "nightly", "--config.file", file, "--state-dir", state,
			"--temp-dir", shortDir(t), "--memory", "16MiB"}, args...)...)
	}
	reported := func() *job.Run {
		store := job.New(job.Options{Dir: state})
		if err := store.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		task, ok := store.Task("restore_test", "nightly")
		if !ok || task.Last == nil {
			t.Fatal("no run is reported")
		}
		return task.Last
	}

	code, stdout, stderr := run("--json")
	var v restore.Verdict
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || code != exitOK || !v.Restorable || v.Tables != 1 || v.Rows != 2 {
		t.Fatalf("exit code %d, %v, %s%s", code, err, stdout, stderr)
	}
	if last := reported(); last.Status != job.Success || last.Values["rows"] != 2 || last.Values["tables"] != 1 || last.SizeBytes == nil {
		t.Errorf("reported %+v", last)
	}

	at := time.Now().Add(-time.Hour)
	bad := filepath.Join(dir, "bad.sql")
	text := strings.Replace(smallDump(t), "VALUES (1),(2)", "VALUES (1),(1)", 1)
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(bad, at, at); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = run("--run", "bad.sql")
	if code != exitNotRestorable || !strings.Contains(stdout, "NOT RESTORABLE") || !strings.Contains(stdout, "bad.sql, line 5: error 1062") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if last := reported(); last.Status != job.Failed || last.Values["problems"] != 1 {
		t.Errorf("reported %+v", last)
	}

	code, _, stderr = run("--mysqld", "/nonexistent/mariadbd")
	if code != exitNotTested || !strings.Contains(stderr, "could not be found out") || !strings.Contains(stderr, "--mysqld") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if last := reported(); last.Status != job.Partial {
		t.Errorf("reported %+v", last)
	}
	for _, args := range [][]string{{"--disk", "1MiB"}, {"--timeout", "1ms"}, {"--run", "none.sql"}} {
		if code, _, stderr := run(args...); code != exitNotTested {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := call("backup", "restore-test", "runs", "--config.file", file, "--no-report"); code != exitNotTested || !strings.Contains(stderr, "mydumper") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// shortDir is one whose path leaves room for that of a socket, and that every account may pass.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// slowTest starts a restore test that would take minutes, and waits until it has restored something.
func slowTest(t *testing.T) (c *exec.Cmd, out *strings.Builder, temp string, arguments []string) {
	t.Helper()
	slow := strings.Replace(smallDump(t), "-- Dump completed", "DO SLEEP(300);\n-- Dump completed", 1)
	file, _ := dumped(t, smallDump(t), slow)
	dir, env := installed(t)
	temp = shortDir(t)
	state := t.TempDir()
	arguments = []string{"backup", "restore-test", "nightly", "--config.file", file, "--state-dir", state, "--temp-dir", temp, "--memory", "16MiB"}
	c = exec.Command(filepath.Join(dir, program), arguments...)
	c.Env = env
	out = &strings.Builder{}
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // where the test ended early
	testenv.Eventually(t, time.Minute, "the table is there", func() error {
		found, err := filepath.Glob(filepath.Join(temp, "*", "*", "data", "erp", "invoice.*"))
		if err == nil && len(found) == 0 {
			err = errors.New("no table yet")
		}
		return err
	})
	return c, out, temp, arguments
}

func TestInterruptedRestoreTestLeavesNothing(t *testing.T) {
	c, out, temp, _ := slowTest(t)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // its exit code tells
	if code := c.ProcessState.ExitCode(); code != exitNotTested || !strings.Contains(out.String(), "could not be found out: terminated") {
		t.Errorf("exit code %d, %s", code, out)
	}
	if running := serversIn(t, temp); len(running) > 0 {
		t.Errorf("processes %v", running)
	}
}

func TestKilledRestoreTestLeavesNothingAfterTheNext(t *testing.T) {
	c, _, temp, arguments := slowTest(t)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // by SIGKILL
	testenv.Eventually(t, 10*time.Second, "its server is gone", func() error {
		if running := serversIn(t, temp); len(running) > 0 {
			return fmt.Errorf("processes %v", running)
		}
		return nil
	})
	if entries, err := os.ReadDir(temp); err != nil || len(entries) == 0 {
		t.Fatalf("the killed test left %v, %v: there is nothing to be removed", entries, err)
	}
	code, stdout, stderr := call(append(arguments, "--run", "0.sql.gz")...)
	if code != exitOK || !strings.HasPrefix(stdout, "RESTORABLE") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// serversIn finds the processes that have a folder below dir on their command line.
func serversIn(t *testing.T, dir string) (pids []string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil && strings.Contains(string(text), "--datadir="+dir+"/") {
			pids = append(pids, filepath.Base(filepath.Dir(line)))
		}
	}
	return pids
}
