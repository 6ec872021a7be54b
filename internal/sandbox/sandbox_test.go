// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within bounds a start: initialising a data folder on a busy machine included.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// at fails the test in CI and skips it elsewhere when the program is missing.
func at(t *testing.T, find func() (sandbox.Program, error)) sandbox.Program {
	t.Helper()
	program, err := find()
	var missing *sandbox.MissingError
	if errors.As(err, &missing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func start(t *testing.T, options sandbox.Options) *sandbox.Instance {
	t.Helper()
	begin := time.Now()
	server, err := sandbox.Start(within(t), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%s %s started in %v", server.Kind(), server.Version(), time.Since(begin).Round(time.Millisecond))
	return server
}

func expectGone(t *testing.T, pid int, dir string) {
	t.Helper()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there", pid)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder %s is still there", dir)
	}
}

func number(t *testing.T, server *sandbox.Instance, query string) (n int) {
	t.Helper()
	if err := server.Open().QueryRowContext(within(t), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func execute(t *testing.T, server *sandbox.Instance, statement string) {
	t.Helper()
	if _, err := server.Open().ExecContext(within(t), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestDatabaseServers(t *testing.T) {
	for kind, find := range map[sandbox.Kind]func() (sandbox.Program, error){
		sandbox.MariaDB: sandbox.FindMariaDB,
		sandbox.MySQL:   sandbox.FindMySQL,
	} {
		t.Run(string(kind), func(t *testing.T) {
			server := start(t, sandbox.Options{Program: at(t, find), Flags: []string{"--max-connections=17"}})
			if server.Kind() != kind {
				t.Errorf("Kind() = %s", server.Kind())
			}
			if n := number(t, server, "SELECT @@max_connections"); n != 17 {
				t.Errorf("the flag was not heard: max_connections is %d", n)
			}
			if n := number(t, server, "SELECT COUNT(*) FROM mysql.user WHERE User = 'root' OR User = ''"); n != 1 {
				t.Errorf("%d accounts could log in as root or nobody, want one", n)
			}
			testRestartKeepsData(t, server)
			testCrashRecovers(t, server)

			begin, pid, dir := time.Now(), server.PID(), server.Dir()
			if err := server.Stop(); err != nil {
				t.Fatal(err)
			}
			t.Logf("stopped in %v", time.Since(begin).Round(time.Millisecond))
			expectGone(t, pid, dir)
		})
	}
}

func testRestartKeepsData(t *testing.T, server *sandbox.Instance) {
	t.Helper()
	execute(t, server, "CREATE DATABASE kept")
	addr, pid := server.Addr(), server.PID()
	if err := server.Restart(within(t), "--max-connections=19"); err != nil {
		t.Fatal(err)
	}
	if server.Addr() != addr || server.PID() == pid {
		t.Errorf("restarted from %s, process %d, to %s, process %d", addr, pid, server.Addr(), server.PID())
	}
	if n := number(t, server, "SELECT @@max_connections"); n != 19 {
		t.Errorf("the new flag was not heard: max_connections is %d", n)
	}
	execute(t, server, "CREATE TABLE kept.t (id INT PRIMARY KEY)")
}

func testCrashRecovers(t *testing.T, server *sandbox.Instance) {
	t.Helper()
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	<-server.Done()
	if err := server.Restart(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := number(t, server, "SELECT COUNT(*) FROM kept.t"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestFrozenServerStopsAndThaws(t *testing.T) {
	server := start(t, sandbox.Options{Program: at(t, sandbox.FindMariaDB)})
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := server.Open().PingContext(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen server answered, or refused: %v", err)
	}
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := server.Open().PingContext(within(t)); err != nil {
		t.Errorf("after Thaw: %v", err)
	}
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Errorf("stop while frozen: %v", err)
	}
	expectGone(t, server.PID(), server.Dir())
}

func TestFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	_, err := sandbox.Start(within(t), sandbox.Options{
		Program: at(t, sandbox.FindMariaDB), Dir: parent, Flags: []string{"--no-such-option"},
	})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("error %v does not carry the server's own words", err)
	}
	if left, _ := os.ReadDir(parent); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMonitoringServers(t *testing.T) {
	for name, c := range map[string]struct {
		find  func(sandbox.Edition) (sandbox.Program, error)
		serve func(sandbox.ServiceOptions, string) sandbox.ServiceOptions
		good  string
	}{
		"prometheus":   {sandbox.FindPrometheus, sandbox.ServePrometheus, "global: {scrape_interval: 5s}\n"},
		"alertmanager": {sandbox.FindAlertmanager, sandbox.ServeAlertmanager, "route: {receiver: a}\nreceivers: [{name: a}]\n"},
	} {
		for _, edition := range []sandbox.Edition{sandbox.Old, sandbox.New} {
			t.Run(name+"/"+string(edition), func(t *testing.T) {
				program := at(t, func() (sandbox.Program, error) { return c.find(edition) })
				config := filepath.Join(t.TempDir(), "config.yml")
				write(t, config, c.good)
				testService(t, c.serve(sandbox.ServiceOptions{Program: program}, config), func() { write(t, config, "nonsense: 1\n") })
			})
		}
	}
}

func testService(t *testing.T, options sandbox.ServiceOptions, breakConfig func()) {
	t.Helper()
	service, err := sandbox.StartService(within(t), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
	if err := service.Reload(within(t)); err != nil {
		t.Errorf("reload: %v", err)
	}
	if err := service.Restart(within(t)); err != nil {
		t.Fatalf("restart: %v\n%s", err, service.Output())
	}
	breakConfig()
	if err := service.Reload(within(t)); err == nil {
		t.Error("a broken configuration was accepted")
	}
	if err := service.Stop(); err != nil {
		t.Error(err)
	}
	expectGone(t, service.PID(), service.Dir())
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
