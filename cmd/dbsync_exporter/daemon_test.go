// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"errors"
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

	"github.com/easy-erp/dbsync/internal/proc"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// asProgram, in the environment, makes the test binary the program itself.
const asProgram = "DBSYNC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testenv.Main(m)
}

// daemon is the program, running as a process of its own.
type daemon struct {
	*proc.Process
	url, address string
	client       *http.Client
	user, pass   string // of its web configuration
}

func testBinary(t *testing.T) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func environment(more ...string) []string {
	return append(append(os.Environ(), asProgram+"=1"), more...)
}

// startDaemon runs the program until the test ends and waits until it serves.
func startDaemon(t *testing.T, env []string, flags ...string) *daemon {
	t.Helper()
	return serveScheme(t, "http", env, flags...)
}

func serveScheme(t *testing.T, scheme string, env []string, flags ...string) *daemon {
	t.Helper()
	return startWhen(t, scheme, func(d *daemon) func(context.Context) error { return d.answers }, env, flags...)
}

// startWhen starts the program and waits until ready returns nil.
func startWhen(t *testing.T, scheme string, ready func(*daemon) func(context.Context) error, env []string, flags ...string) *daemon {
	t.Helper()
	port, err := proc.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{address: proc.Loopback(port), client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}}
	d.url = scheme + "://" + d.address
	d.Process, err = proc.Start(proc.Spec{
		Path: testBinary(t), Env: environment(env...), Output: 1 << 20,
		Args: append([]string{"--web.listen-address=" + d.address}, flags...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the program's output:\n%s", d.Output())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := d.Ready(ctx, ready(d)); err != nil {
		t.Fatal(err)
	}
	return d
}

// answers is nil when the program serves, be it a refusal.
func (d *daemon) answers(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/-/ready", nil)
	if err != nil {
		return err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
		return errors.New(response.Status)
	}
	return nil
}

func (d *daemon) do(t *testing.T, method, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.user != "" {
		request.SetBasicAuth(d.user, d.pass)
	}
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func (d *daemon) get(t *testing.T, path string) string {
	t.Helper()
	code, body := d.do(t, http.MethodGet, path)
	if code != http.StatusOK {
		t.Errorf("GET %s: status %d: %s", path, code, body)
	}
	return body
}

// shows waits until /metrics has the line.
func (d *daemon) shows(t *testing.T, line string) {
	t.Helper()
	testenv.Eventually(t, 20*time.Second, line, func() error {
		if _, body := d.do(t, http.MethodGet, "/metrics"); !strings.Contains(body, line+"\n") {
			return errors.New("not in /metrics")
		}
		return nil
	})
}

// once runs the program to its end.
func once(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, testBinary(t), args...)
	command.Env = environment(env...)
	var out, errOut strings.Builder
	command.Stdout, command.Stderr = &out, &errOut
	err := command.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String(), errOut.String()
}

// file writes a file into a folder of the test's own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hostOnly is a configuration without a server, and quick to collect.
func hostOnly(t *testing.T) string {
	return file(t, "dbsync.yml", fmt.Sprintf("collectors: {host: false}\njobs: {state_dir: %q}\n", t.TempDir()))
}

// startListening is startDaemon for a program that answers no stranger.
func startListening(t *testing.T, flags ...string) *daemon {
	t.Helper()
	return startWhen(t, "https", func(d *daemon) func(context.Context) error {
		return func(ctx context.Context) error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
			if err != nil {
				return err
			}
			return conn.Close()
		}
	}, nil, flags...)
}
