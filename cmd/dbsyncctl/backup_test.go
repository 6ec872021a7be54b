// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/backup"
)

// dumped makes a configuration with a backup of dumps, and returns it and their folder.
func dumped(t *testing.T, dumps ...string) (file, dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, text := range dumps {
		path := filepath.Join(dir, fmt.Sprintf("%d.sql.gz", i))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Duration(i-len(dumps)) * time.Hour)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "dbsync.yml")
	text := "mysql: {targets: [{name: erp, address: \"127.0.0.1:1\"}], modules: {default: {user: x}}}\n" +
		"backups: [{name: nightly, method: mysqldump, path: \"" + dir + "/*\"}, {name: runs, method: job, task: x}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, dir
}

const wholeDump = "-- MySQL dump 10.13\n-- Dump completed on 2026-11-24  2:00:01\n"

func TestBackupVerifySaysWhetherTheNewestIsWhole(t *testing.T) {
	file, dir := dumped(t, "half a dump", wholeDump)
	code, stdout, stderr := call("backup", "verify", "nightly", "--config.file", file, "--json")
	var run backup.Run
	if err := json.Unmarshal([]byte(stdout), &run); err != nil || code != exitOK {
		t.Fatalf("exit code %d, %v, %s", code, err, stderr)
	}
	if run.Status != backup.Success || run.Level != backup.Stream || filepath.Base(run.ID) != "1.sql.gz" || run.Size != int64(len(wholeDump)) {
		t.Errorf("got %+v", run)
	}
	if err := os.Remove(filepath.Join(dir, "1.sql.gz")); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = call("backup", "verify", "nightly", "--config.file", file)
	if code != exitNotWhole || !strings.Contains(stdout, "partial") || !strings.Contains(stdout, "neither begins nor ends as a dump") {
		t.Errorf("exit code %d, %s, %s", code, stdout, stderr)
	}
}

func TestBackupListNamesWhatThereIs(t *testing.T) {
	file, _ := dumped(t, "half a dump", wholeDump)
	code, stdout, stderr := call("backup", "list", "nightly", "--config.file", file)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != exitOK || len(lines) != 3 || !strings.Contains(lines[1], "1.sql.gz") || !strings.Contains(lines[2], "not read") {
		t.Errorf("exit code %d, %s, %s", code, stdout, stderr)
	}
	for want, args := range map[string][]string{
		`no backup is called "daily": there is nightly, runs`: {"backup", "list", "daily", "--config.file", file},
		"cannot be read here":     {"backup", "verify", "runs", "--config.file", file},
		"no such file":            {"backup", "list", "nightly", "--config.file", file + ".missing"},
		"there is no backup that": {"backup", "verify", "nightly", "--config.file", first(dumped(t))},
	} {
		if code, _, stderr := call(args...); code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, %q, want %q", args, code, stderr, want)
		}
	}
}

func first(file, _ string) string { return file }
