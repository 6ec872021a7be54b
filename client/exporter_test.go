// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const token = "0123456789abcdef0123456789abcdef"

// build compiles the exporter of this repository, once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dbsync-client-test-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "dbsync_exporter")
	command := exec.Command("go", "build", "-o", binary, "./cmd/dbsync_exporter")
	command.Dir = ".."
	if out, err := command.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build the exporter: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := build(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// exporter is the real one, running.
type exporter struct {
	url, stateDir, tokenFile string
	output                   *bytes.Buffer
}

// start runs the exporter until the test ends.
func start(t *testing.T, flags ...string) *exporter {
	t.Helper()
	if _, err := os.Stat("../cmd/dbsync_exporter"); err != nil {
		t.Skip("NOT TESTED: this is not the repository, so there is no exporter to build")
	}
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	e := &exporter{stateDir: t.TempDir(), tokenFile: filepath.Join(t.TempDir(), "token"), output: &bytes.Buffer{}}
	write(t, e.tokenFile, token+"\n")
	configuration := filepath.Join(t.TempDir(), "dbsync.yml")
	write(t, configuration, fmt.Sprintf("jobs: {state_dir: %q}\ncollectors: {host: false}\n", e.stateDir))
	address := free(t)
	command := exec.Command(filepath.Join(dir, "dbsync_exporter"), append([]string{
		"--config.file=" + configuration, "--web.listen-address=" + address,
		"--web.enable-run-api", "--web.run-token-file=" + e.tokenFile,
	}, flags...)...)
	command.Stderr = e.output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil || t.Failed() {
			t.Logf("the exporter: %v\n%s", err, e.output)
		}
	})
	e.url = "http://" + address
	e.eventually(t, "the exporter answers", func() bool {
		response, err := http.Get(e.url + "/-/ready")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized
	})
	return e
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// series returns the lines of /metrics about runs.
func (e *exporter) series(t *testing.T) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url+"/metrics?collect[]=job", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("dbsync", "secret")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var found []string
	lines := bufio.NewScanner(io.LimitReader(response.Body, 1<<20))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "dbsync_run_") {
			found = append(found, lines.Text())
		}
	}
	return found
}

// want fails unless the metrics have the series.
func (e *exporter) want(t *testing.T, wanted ...string) {
	t.Helper()
	have := strings.Join(e.series(t), "\n") + "\n"
	for _, w := range wanted {
		if !strings.Contains(have, w+"\n") {
			t.Errorf("no %s in\n%s", w, have)
		}
	}
}

func (*exporter) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}
