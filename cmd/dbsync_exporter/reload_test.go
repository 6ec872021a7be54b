// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// mistakes are files that must change nothing, and what is said of each.
func mistakes() map[string]string {
	return map[string]string{
		"collectors: {host: false}\njobs: {stat_dir: /tmp}\n":              `dbsync.yml:2: jobs.stat_dir: unknown key: did you mean "state_dir"?`,
		"mysql:\n  max_connections: many\n":                                "dbsync.yml:2: mysql.max_connections: want a whole number",
		"maintenance:\n  - {start: tomorrow, duration: 2h}\n":              `dbsync.yml:2: maintenance[0].start: want a time with its zone`,
		"collectors: {nope: true}\n":                                       "dbsync.yml:1: collectors.nope: no collector or group is called",
		"jobs: [\n":                                                        "dbsync.yml: not YAML near line",
		"mysql: {modules: {default: {user: a, password: \"${NO_SUCH}\"}}}": "NO_SUCH",
	}
}

// A signal and a request do the same: a file that is wrong changes nothing, shows
// in the gauge, and says why.
func TestReloadOfTheProgram(t *testing.T) {
	path := hostOnly(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, nil, "--config.file="+path, "--web.enable-lifecycle")
	before := d.get(t, "/config")
	for text, want := range mistakes() {
		write(t, path, text)
		if code, body := d.do(t, "POST", "/-/reload"); code != 500 || !strings.Contains(body, want) {
			t.Errorf("%q: status %d: %s", text, code, body)
		}
		d.shows(t, "dbsync_config_last_reload_successful 0")
		if after := d.get(t, "/config"); after != before {
			t.Errorf("%q: in force is\n%s", text, after)
		}
		write(t, path, string(good))
		hangUp(t, d)
		d.shows(t, "dbsync_config_last_reload_successful 1")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	hangUp(t, d)
	d.shows(t, "dbsync_config_last_reload_successful 0")
	testenv.Eventually(t, 10*time.Second, "the log says which file is missing", func() error {
		if !strings.Contains(d.Output(), "open "+path+": no such file") {
			return errors.New(d.Output())
		}
		return nil
	})
	write(t, path, strings.Replace(string(good), "host: false", "maintenance: false, host: false", 1))
	hangUp(t, d)
	d.shows(t, "dbsync_config_last_reload_successful 1")
	if d.get(t, "/config") == before {
		t.Error("a good file is not in force")
	}
}

func hangUp(t *testing.T, d *daemon) {
	t.Helper()
	if err := d.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReloadOverHTTPIsOffByDefault(t *testing.T) {
	d := startDaemon(t, nil, "--config.file="+hostOnly(t))
	if code, body := d.do(t, "POST", "/-/reload"); code != 403 {
		t.Errorf("status %d: %s", code, body)
	}
	if code, _ := d.do(t, "GET", "/debug/pprof/"); code != 404 {
		t.Errorf("profiles are on by default: status %d", code)
	}
	if code, _ := d.do(t, "POST", "/api/v1/runs"); code != 403 {
		t.Errorf("the run API is on by default: status %d", code)
	}
}

// The ends that a service manager asks for, within its patience.
func TestSignalsEndTheProgramCleanly(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(fmt.Sprint(sig), func(t *testing.T) {
			d := startDaemon(t, nil, "--config.file="+hostOnly(t))
			d.get(t, "/metrics")
			if err := d.Signal(sig); err != nil {
				t.Fatal(err)
			}
			select {
			case <-d.Done():
			case <-time.After(20 * time.Second):
				t.Fatal("it does not end")
			}
			if err := d.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}
