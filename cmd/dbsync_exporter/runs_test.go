// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// examples returns the blocks of docs/runs.md that say that a test runs them.
func examples(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/runs.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(text), "<!-- This example is run by a test. -->\n```sh\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want the request, the event and the wrapper", len(blocks))
	}
	return blocks
}

func TestDocumentedWaysOfReportingARun(t *testing.T) {
	testenv.Tool(t, sandbox.Old, "curl")
	state := t.TempDir()
	if err := os.Mkdir(filepath.Join(state, "incoming"), 0o755); err != nil {
		t.Fatal(err)
	}
	token := file(t, "token", "0123456789abcdef0123456789abcdef\n")
	d := startDaemon(t, nil, "--config.file="+file(t, "dbsync.yml", "collectors: {host: false}\njobs: {state_dir: "+state+"}\n"),
		"--web.enable-run-api", "--web.run-token-file="+token)
	blocks := examples(t)

	yesterday := time.Now().AddDate(0, 0, -1).UTC().Format(time.DateOnly)
	request := strings.ReplaceAll(blocks[0], "2026-11-24", yesterday)
	shell(t, 0, "TOKEN_FILE="+token, "EXPORTER="+d.url)("-c", request)
	d.shows(t, `dbsync_run_value{name="tables",run_type="backup",task="nightly"} 212`)

	shell(t, 0, "TOKEN_FILE="+token, "EXPORTER="+d.url)("-c", blocks[1])
	d.shows(t, `dbsync_run_total{run_type="service_deployed",status="success",task="erp"} 1`)

	wrapper := file(t, "reported", blocks[2])
	shell(t, 3, "DBSYNC_STATE_DIR="+state)(wrapper, "sync", "crm", "sh", "-c", "exit 3")
	d.shows(t, `dbsync_run_last_exit_code{run_type="sync",task="crm"} 3`)
	shell(t, 0, "DBSYNC_STATE_DIR="+state)(wrapper, "sync", "crm", "true")
	d.shows(t, `dbsync_run_total{run_type="sync",status="success",task="crm"} 1`)
	d.shows(t, `dbsync_run_total{run_type="sync",status="failed",task="crm"} 1`)
}

// shell runs sh and wants its exit code.
func shell(t *testing.T, want int, env ...string) func(args ...string) {
	return func(args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "sh", args...)
		command.Env = append(os.Environ(), env...)
		if out, _ := command.CombinedOutput(); command.ProcessState.ExitCode() != want {
			t.Errorf("exit code %d: %s", command.ProcessState.ExitCode(), out)
		}
	}
}
