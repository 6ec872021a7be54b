// SPDX-License-Identifier: Apache-2.0

//go:build unix

package endurance

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/proc"
)

const token = "0123456789abcdef0123456789abcdef"

// verifier is the exporter while it reads backups, keeps what it has read, and takes reports in.
type verifier struct {
	program, state, backups, config, token, url string
	client                                      *http.Client

	dumps   int             // how many there are
	kept    map[string]bool // dumps of which it was kept that they were verified
	report  int             // the number of the newest report
	stop    context.CancelFunc
	reports sync.WaitGroup
	log     bytes.Buffer // of the newest exporter

	accepted atomic.Uint64 // runs whose report was answered
}

func newVerifier(t *testing.T, programs string) *verifier {
	dir := t.TempDir()
	port, err := proc.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	v := &verifier{
		program: filepath.Join(programs, "dbsync_exporter"), state: filepath.Join(dir, "state"), backups: filepath.Join(dir, "backups"),
		config: filepath.Join(dir, "dbsync.yml"), token: filepath.Join(dir, "token"), url: "http://" + proc.Loopback(port),
		client: &http.Client{Timeout: 10 * time.Second}, kept: map[string]bool{},
	}
	if err := os.Mkdir(v.backups, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, v.token, []byte(token))
	// The server is down, as it is on such a night.
	write(t, v.config, fmt.Appendf(nil, `mysql:
  modules: {default: {user: monitor}}
  targets: [{name: erp, address: "unix://%s/mysqld.sock"}]
collectors: {host: false}
jobs: {state_dir: %s}
backups:
- {name: nightly, method: mysqldump, path: %s/*, verify: {level: stream, interval: 24h}}
`, dir, v.state, v.backups))
	return v
}

func (*verifier) name() string { return "dbsync_exporter" }

func (v *verifier) tally() string {
	return fmt.Sprintf("%d runs accepted, none lost; %d of %d dumps were known as verified at the last one", v.accepted.Load(), len(v.kept), v.dumps)
}

// start gives the exporter dumps to read that it does not know, and reports runs to it all the while.
func (v *verifier) start(t *testing.T) *exec.Cmd {
	t.Helper()
	for range 3 {
		v.dumps++
		write(t, filepath.Join(v.backups, numbered("%06d.sql.gz", v.dumps)), dump(t))
	}
	command := exec.CommandContext(t.Context(), v.program, "--config.file="+v.config, "--web.listen-address="+strings.TrimPrefix(v.url, "http://"),
		"--web.enable-run-api", "--web.run-token-file="+v.token, "--log.level=error")
	command.Stderr = &v.log
	v.log.Reset()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	v.stop = cancel
	v.reports.Go(func() { v.reportAll(ctx) })
	return command
}

// reportAll reports one run after the other until the exporter is gone.
func (v *verifier) reportAll(ctx context.Context) {
	for ctx.Err() == nil {
		v.report++
		id := numbered("run-%d", v.report)
		if v.post(ctx, id) == nil {
			v.accepted.Add(1)
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (v *verifier) post(ctx context.Context, id string) error {
	now := time.Now()
	text, err := json.Marshal(job.Run{ID: id, RunType: "sync", Task: "erp", Status: job.Success, Start: now.Add(-time.Second), End: now})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/api/v1/runs", bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := v.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return err
}

// finished is nil when all dumps are known to be verified.
func (v *verifier) finished() error {
	kept, err := v.keptNow()
	if err == nil && len(kept) < v.dumps {
		err = fmt.Errorf("%d of %d dumps are verified", len(kept), v.dumps)
	}
	return err
}

// keptNow reads what was kept of reading.
func (v *verifier) keptNow() (map[string]bool, error) {
	text, err := os.ReadFile(filepath.Join(v.state, "verified-nightly.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var state struct{ Entries []struct{ Path string } }
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("half-written: %w: %q", err, text)
	}
	kept := map[string]bool{}
	for _, e := range state.Entries {
		kept[e.Path] = true
	}
	return kept, nil
}

func (v *verifier) survived(t *testing.T) {
	t.Helper()
	v.stop()
	v.reports.Wait()
	if v.log.Len() > 0 {
		t.Errorf("the exporter complains: %s", v.log.String())
	}
	kept, err := v.keptNow()
	if err != nil {
		t.Error(err)
	}
	for path := range v.kept {
		if !kept[path] {
			t.Errorf("that %s was verified is lost", path)
		}
	}
	v.kept = kept
	store := job.New(job.Options{Dir: v.state})
	if err := store.Refresh(t.Context()); err != nil {
		t.Errorf("the state is broken: %v", err)
	}
	// Whatever was accepted is on the disk; one report may have been on its way besides, answer and all.
	task, _ := store.Task("sync", "erp")
	recorded := task.Totals[job.Success]
	if accepted := v.accepted.Load(); recorded < accepted || recorded > accepted+1 {
		t.Errorf("%d runs are recorded, %d were accepted", recorded, accepted)
	}
	v.accepted.Store(recorded)
	if err := onlyState(v.state, "running"); err != nil {
		t.Error(err)
	}
}

// dump is a whole dump that is large enough to be read for a while.
func dump(t *testing.T) []byte {
	t.Helper()
	rows := make([]byte, 1<<20)
	_, _ = rand.Read(rows)
	var text bytes.Buffer
	packed := gzip.NewWriter(&text)
	_, err := fmt.Fprintf(packed, "-- MySQL dump 10.13  Distrib 9.7.0\n%s\n-- Dump completed on 2026-11-24  2:00:01\n", hex.EncodeToString(rows))
	if err := errors.Join(err, packed.Close()); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
