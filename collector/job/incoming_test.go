// SPDX-License-Identifier: Apache-2.0

//go:build unix

package job_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/easy-erp/dbsync/collector/job"
)

// incoming returns the folder where programs leave reports.
func incoming(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "incoming")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func leave(t *testing.T, path string, r job.Run) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReportsThatWereLeftAreTakenInAndRemoved(t *testing.T) {
	dir := t.TempDir()
	in := incoming(t, dir)
	leave(t, filepath.Join(in, "2.json"), begun("a")) // overtaken by its own end
	leave(t, filepath.Join(in, "1.json"), ended("a", job.Success))
	leave(t, filepath.Join(in, "3.json"), ended("b", job.Failed))
	leave(t, filepath.Join(in, ".half.json"), ended("c", job.Failed)) // not yet renamed into place
	s := job.New(job.Options{Dir: dir})
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	task := nightly(t, s)
	if task.Totals[job.Success] != 1 || task.Totals[job.Failed] != 1 || len(task.Running) != 0 {
		t.Errorf("%+v", task)
	}
	left, err := os.ReadDir(in)
	if err != nil || len(left) != 1 || left[0].Name() != ".half.json" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// What is no report is put aside, complained about until somebody looks at it,
// and in nobody's way. Nothing outside of the folder is read.
func TestWhatIsNoReportIsPutAside(t *testing.T) {
	dir := t.TempDir()
	in := incoming(t, dir)
	secret := filepath.Join(t.TempDir(), "secret.json")
	leave(t, secret, ended("secret", job.Success))
	future := ended("a", job.Success)
	future.Start = future.Start.AddDate(1, 0, 0)
	future.End = future.Start
	leave(t, filepath.Join(in, "0-future.json"), future)
	for name, text := range map[string]string{
		"0-garbage.json": "hello", "0-empty.json": "", "0-misspelt.json": `{"id":"a","run_typ":"backup"}`,
		"0-two.json": `{"id":"a"}{"id":"b"}`, "0-big.json": strings.Repeat(" ", 70<<10) + "{}",
	} {
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(in, "0-link.json")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(in, "0-pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	leave(t, filepath.Join(in, "1.json"), ended("good", job.Success))
	s := job.New(job.Options{Dir: dir})
	for range 2 {
		err := s.Refresh(t.Context())
		for _, name := range []string{"future", "garbage", "empty", "misspelt", "two", "big", "link", "pipe"} {
			if err == nil || !strings.Contains(err.Error(), "0-"+name+".json") {
				t.Errorf("no word of %s in: %v", name, err)
			}
		}
		if got := nightly(t, s).Totals[job.Success]; got != 1 {
			t.Errorf("%d runs, want the good one", got)
		}
	}
	rejected, err := filepath.Glob(filepath.Join(in, "*.rejected"))
	if err != nil || len(rejected) != 8 {
		t.Errorf("put aside: %v", rejected)
	}
	for _, path := range rejected {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Refresh(t.Context()); err != nil {
		t.Errorf("after somebody looked: %v", err)
	}
}
