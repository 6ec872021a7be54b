// SPDX-License-Identifier: Apache-2.0

//go:build unix

package provision

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

func TestUnpackRefusesAForeignFolder(t *testing.T) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	err := Root{Dir: dir, Packages: []string{"hello"}}.Unpack(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v does not name the folder", err)
	}
}

func TestUnpackSaysWhatToInstallWithoutApt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := Distribution().Unpack(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "mariadbd") {
		t.Errorf("error %v does not name the programs", err)
	}
}

func TestReplaceKeepsNothingOfTheOlderRoot(t *testing.T) {
	work := t.TempDir()
	r := Root{Dir: filepath.Join(work, "place")}
	for _, version := range []string{"one", "two"} {
		fresh := filepath.Join(t.TempDir(), "root")
		if err := os.MkdirAll(filepath.Join(fresh, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := r.replace(fresh); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(r.Dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "two" {
		t.Errorf("the place holds %v, %v", entries, err)
	}
}

// TestUnpackedProgramRuns downloads from the machine's own archive, and so runs only where that is wanted.
func TestUnpackedProgramRuns(t *testing.T) {
	if os.Getenv("DBSYNC_TEST_DOWNLOAD") == "" {
		t.Skip("set DBSYNC_TEST_DOWNLOAD=1 to download a package of the distribution")
	}
	dir := filepath.Join(t.TempDir(), "root")
	t.Setenv("DBSYNC_SID", dir) // edition New looks nowhere else
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r := Root{Edition: sandbox.New, Dir: dir, Programs: []string{"hello"}, Packages: []string{"hello"}}
	for range 2 { // the second time replaces
		if err := r.Unpack(ctx, t.Output()); err != nil {
			t.Fatal(err)
		}
	}
	if missing := r.Missing(); len(missing) != 0 {
		t.Fatalf("missing %v", missing)
	}
	program, err := sandbox.Find(sandbox.New, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := program.Output(ctx); err != nil || !strings.Contains(out, "Hello") {
		t.Errorf("said %q, %v", out, err)
	}
}

func TestAnOlderRootIsRelocatedOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "root")
	program := filepath.Join(dir, "usr/bin/prometheus-alertmanager")
	files := map[string]string{
		filepath.Join(dir, marker): "prometheus-alertmanager\n", // as before there was a layout
		program:                    "\x7fELF\x00/usr/share/prometheus/alertmanager/default.tmpl\x00",
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := Root{Dir: dir, Packages: []string{"prometheus-alertmanager"}}
	if err := r.Update(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(program)
	if want := "\x7fELF\x00.////share/prometheus/alertmanager/default.tmpl\x00"; err != nil || string(text) != want {
		t.Errorf("the program holds %q (%v), want %q", text, err, want)
	}
	if !r.current() {
		t.Error("it would be done again")
	}
	info, err := os.Stat(program)
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the program has mode %v (%v)", info.Mode(), err)
	}
}
