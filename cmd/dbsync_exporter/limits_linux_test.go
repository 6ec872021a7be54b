// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestOutOfDescriptors: a process that may open nothing more answers nobody for as
// long, does not end, and goes on when it may.
func TestOutOfDescriptors(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	account := server.Grant(t, "dbsync", "GRANT PROCESS ON *.* TO {user}")
	d := startDaemon(t, []string{"DBSYNC_MYSQL_PASSWORD=" + account.Password}, "--mysql.address="+server.Addr(), "--mysql.user="+account.Name)
	d.shows(t, "mysql_up 1")
	open, err := os.ReadDir(filepath.Join("/proc", fmt.Sprint(d.PID()), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	var before unix.Rlimit
	if err := unix.Prlimit(d.PID(), unix.RLIMIT_NOFILE, nil, &before); err != nil {
		t.Fatal(err)
	}
	set := func(l unix.Rlimit) {
		if err := unix.Prlimit(d.PID(), unix.RLIMIT_NOFILE, &l, nil); err != nil {
			t.Fatal(err)
		}
	}
	set(unix.Rlimit{Cur: uint64(len(open) + 4), Max: before.Max})
	var held []net.Conn
	for range 20 { // more than it may have
		c, err := net.Dial("tcp", d.address)
		if err != nil {
			break
		}
		held = append(held, c)
		_, _ = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	impatient := &http.Client{Timeout: 500 * time.Millisecond}
	if response, err := impatient.Get(d.url + "/metrics"); err == nil {
		_ = response.Body.Close()
		t.Error("it has descriptors left, so nothing was tested")
	}
	select {
	case <-d.Done():
		t.Fatal("it ended")
	default:
	}
	for _, c := range held {
		_ = c.Close()
	}
	d.shows(t, "mysql_up 1") // with no more than before
	set(before)
	d.shows(t, "mysql_up 1")
}

// TestStateFolderFullOrReadOnly: reports are refused, so that whoever makes them
// repeats them; what is known is shown, nothing else suffers, and all is well once
// there is room.
func TestStateFolderFullOrReadOnly(t *testing.T) {
	testenv.Installed(t, "mount")
	for name, again := range map[string]string{"full": "size=16k", "read-only": "ro"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mount(t, "-t", "tmpfs", "-o", "size=1m", "none", dir)
			t.Cleanup(func() { mount(t, "-o", "remount,rw", dir); unmount(t, dir) })
			token := file(t, "token", strings.Repeat("0123456789abcdef", 2))
			config := file(t, "dbsync.yml", fmt.Sprintf("collectors: {host: false}\njobs: {state_dir: %q}\n", dir))
			d := startDaemon(t, nil, "--config.file="+config, "--web.enable-run-api", "--web.run-token-file="+token)
			if code := d.report(t, "1"); code != http.StatusCreated {
				t.Fatalf("a report: status %d", code)
			}
			mount(t, "-o", "remount,"+again, dir)
			if name == "full" {
				_ = os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 1<<20), 0o600) // as far as there is room
			}
			if code := d.report(t, "2"); code < 500 {
				t.Errorf("a report that cannot be kept: status %d", code)
			}
			d.shows(t, `dbsync_run_total{run_type="backup",status="success",task="nightly"} 1`)
			mount(t, "-o", "remount,rw,size=1m", dir)
			if code := d.report(t, "2"); code != http.StatusCreated {
				t.Errorf("with room: status %d", code)
			}
			d.shows(t, `dbsync_run_total{run_type="backup",status="success",task="nightly"} 2`)
		})
	}
}

// report reports a run that has ended.
func (d *daemon) report(t *testing.T, id string) int {
	t.Helper()
	now := time.Now()
	body := fmt.Sprintf(`{"id": %q, "run_type": "backup", "task": "nightly", "status": "success", "start": %q, "end": %q}`,
		id, now.Add(-time.Minute).Format(time.RFC3339), now.Format(time.RFC3339))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/api/v1/runs", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.Repeat("0123456789abcdef", 2))
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// mount needs rights that a container may not give, not even to root.
func mount(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: this account may not mount: %v: %s", err, out)
	}
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
