// SPDX-License-Identifier: Apache-2.0

//go:build linux

package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestRestoreTestUnits asks systemd whether it understands the service and its timer, and how much of the machine the
// sandbox leaves.
func TestRestoreTestUnits(t *testing.T) {
	analyze := testenv.Installed(t, "systemd-analyze")
	root := t.TempDir()
	ctl := filepath.Join(root, "dbsyncctl")
	if err := os.WriteFile(ctl, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dbsync-restore-test@.service", "dbsync-restore-test@.timer"} {
		text := strings.ReplaceAll(read(t, filepath.Join("systemd", name)), "/usr/bin/dbsyncctl", ctl)
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	unit := filepath.Join(root, "dbsync-restore-test@nightly.service")
	for _, path := range []string{unit, strings.Replace(unit, ".service", ".timer", 1)} {
		c := exec.Command(analyze, "verify", "--man=no", path)
		c.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+root+":")
		if said, err := c.CombinedOutput(); err != nil || strings.Contains(string(said), "dbsync-restore-test") {
			t.Errorf("systemd-analyze verify %s: %v\n%s", filepath.Base(path), err, said)
		}
	}
	if said, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=30", filepath.Join(root, "dbsync-restore-test@.service")).CombinedOutput(); err != nil {
		t.Errorf("the sandbox has become weaker: %v\n%s", err, said)
	}
}
