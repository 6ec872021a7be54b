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

// TestUnit asks systemd itself, which needs no running one: whether it
// understands the unit, and how much of the machine the sandbox leaves.
func TestUnit(t *testing.T) {
	analyze := testenv.Installed(t, "systemd-analyze")
	// What the unit runs has to exist.
	root := t.TempDir()
	for _, path := range []string{"usr/bin/dbsync_exporter", "bin/kill"} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text := read(t, filepath.Join("systemd", "dbsync_exporter.service"))
	unit := filepath.Join(root, "dbsync_exporter.service")
	text = strings.NewReplacer("=/usr/bin/dbsync_exporter ", "="+root+"/usr/bin/dbsync_exporter ", "=/bin/kill", "="+root+"/bin/kill").Replace(text)
	if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || strings.Contains(string(said), unit) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
	// 1.6 of 10 on Debian 12; a directive that is lost shows here.
	if said, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=20", unit).CombinedOutput(); err != nil {
		t.Errorf("the sandbox has become weaker: %v\n%s", err, said)
	}
}

// TestAccountsAndFolders makes them in an empty root.
func TestAccountsAndFolders(t *testing.T) {
	for _, needed := range []string{"systemd-sysusers", "systemd-tmpfiles"} {
		testenv.Installed(t, needed)
	}
	if os.Geteuid() != 0 {
		t.Skip("accounts of a root file system need root")
	}
	root := t.TempDir()
	for path, source := range map[string]string{
		"usr/lib/sysusers.d/dbsync.conf": "dbsync.sysusers", "usr/lib/tmpfiles.d/dbsync.conf": "dbsync.tmpfiles", "etc/group": "",
	} {
		path, text := filepath.Join(root, path), "root:x:0:\n"
		if source != "" {
			text = read(t, filepath.Join("systemd", source))
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range [][]string{
		{"systemd-sysusers", "--root=" + root, "dbsync.conf"}, {"systemd-tmpfiles", "--root=" + root, "--create", "dbsync.conf"},
	} {
		if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, said)
		}
	}
	if info, err := os.Stat(filepath.Join(root, "var/lib/dbsync/incoming")); err != nil || info.Mode().Perm() != 0o770 {
		t.Errorf("%v %v", info, err)
	}
	if accounts := read(t, filepath.Join(root, "etc/passwd")); !strings.Contains(accounts, "dbsync:x:") {
		t.Errorf("no account: %s", accounts)
	}
}
