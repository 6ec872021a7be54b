// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/client"
)

var nightly = client.Task{RunType: "backup", Name: "nightly", ExpectedInterval: 24 * time.Hour}

func newClient(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each way of reporting, against the real exporter.
func TestRunFromStartToFinish(t *testing.T) {
	for name, options := range map[string]func(*exporter) client.Options{
		"state folder": func(e *exporter) client.Options { return client.Options{StateDir: e.stateDir} },
		"run API":      func(e *exporter) client.Options { return client.Options{URL: e.url, TokenFile: e.tokenFile} },
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			c := newClient(t, options(e))
			run, err := c.Start(t.Context(), nightly)
			if err != nil {
				t.Fatal(err)
			}
			e.want(t, `dbsync_run_in_progress{run_type="backup",task="nightly"} 1`,
				`dbsync_run_expected_interval_seconds{run_type="backup",task="nightly"} 86400`)
			run.Value("tables", 41)
			run.Value("tables", 42)
			run.Size(4096)
			run.ExitCode(0)
			cancelled, cancel := context.WithCancel(t.Context())
			cancel() // the program is being stopped
			if err := run.Finish(cancelled, client.Success); err != nil {
				t.Fatal(err)
			}
			if err := run.Finish(t.Context(), client.Failed); !errors.Is(err, client.ErrFinished) {
				t.Errorf("finished twice: %v", err)
			}
			e.want(t, `dbsync_run_in_progress{run_type="backup",task="nightly"} 0`,
				`dbsync_run_total{run_type="backup",status="success",task="nightly"} 1`,
				`dbsync_run_total{run_type="backup",status="failed",task="nightly"} 0`,
				`dbsync_run_last_size_bytes{run_type="backup",task="nightly"} 4096`,
				`dbsync_run_last_exit_code{run_type="backup",task="nightly"} 0`,
				`dbsync_run_value{name="tables",run_type="backup",task="nightly"} 42`)
			event := client.Task{RunType: "sync", Name: "crm"}
			if err := c.Event(t.Context(), event, client.Partial, map[string]float64{"rows": 7}); err != nil {
				t.Fatal(err)
			}
			e.want(t, `dbsync_run_total{run_type="sync",status="partial",task="crm"} 1`, `dbsync_run_last_duration_seconds{run_type="sync",task="crm"} 0`)
		})
	}
}

// A job goes on without its monitor, and what it reports is there when the
// exporter is.
func TestReportsWaitForTheExporter(t *testing.T) {
	dir := t.TempDir()
	run, err := newClient(t, client.Options{StateDir: dir}).Start(t.Context(), nightly)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(t.Context(), client.Outcome(errors.New("disk full"))); err != nil {
		t.Fatal(err)
	}
	e := start(t)
	if err := os.Rename(filepath.Join(dir, "incoming"), filepath.Join(e.stateDir, "incoming")); err != nil {
		t.Fatal(err)
	}
	e.want(t, `dbsync_run_total{run_type="backup",status="failed",task="nightly"} 1`)
}

// The account of --web.config.file and the token go side by side.
func TestAccountBesideTheToken(t *testing.T) {
	web := filepath.Join(t.TempDir(), "web.yml")
	write(t, web, "basic_auth_users: {dbsync: \"$2a$04$kQpLiYzC2Fg/pGMaUxVV3e.bR1MCViCTlGRmBf/9pMM0PefT/YFnq\"}\n")
	e := start(t, "--web.config.file="+web)
	withAccount := strings.Replace(e.url, "http://", "http://dbsync:secret@", 1)
	c := newClient(t, client.Options{URL: withAccount, TokenFile: e.tokenFile})
	if err := c.Event(t.Context(), nightly, client.Success, nil); err != nil {
		t.Fatal(err)
	}
	e.want(t, `dbsync_run_total{run_type="backup",status="success",task="nightly"} 1`)
	err := newClient(t, client.Options{URL: e.url, TokenFile: e.tokenFile}).Event(t.Context(), nightly, client.Success, nil)
	if err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("without the account: %v", err)
	}
}

func TestRefusalsSayWhyAndTellNoSecret(t *testing.T) {
	e := start(t)
	write(t, e.tokenFile+"2", "another-token-of-the-right-length")
	c := newClient(t, client.Options{URL: strings.Replace(e.url, "//", "//u:hunter2@", 1), TokenFile: e.tokenFile + "2"})
	run, err := c.Start(t.Context(), nightly)
	if err == nil || !strings.Contains(err.Error(), "the token is wrong") || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "another-token") {
		t.Errorf("error: %v", err)
	}
	write(t, e.tokenFile+"2", token) // rotated
	if err := run.Finish(t.Context(), client.Timeout); err != nil {
		t.Errorf("a run whose start was not taken: %v", err)
	}
	e.want(t, `dbsync_run_total{run_type="backup",status="timeout",task="nightly"} 1`)
}

func TestReportIsRepeatedUntilItIsTaken(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			http.Error(w, "the state folder is busy", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	defer server.Close()
	c := newClient(t, client.Options{URL: server.URL, TokenFile: tokenFile(t)})
	if err := c.Event(t.Context(), nightly, client.Success, nil); err != nil || requests.Load() != 2 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

// The token is for one server, whatever that server says.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	c := newClient(t, client.Options{URL: server.URL, TokenFile: tokenFile(t), HTTPClient: server.Client()})
	if err := c.Event(t.Context(), nightly, client.Success, nil); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("error: %v", err)
	}
}

func tokenFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, token)
	return path
}

func TestWrongReportsAreRefusedBeforeTheyAreSent(t *testing.T) {
	dir := t.TempDir()
	c := newClient(t, client.Options{StateDir: dir})
	for name, report := range map[string]func() error{
		"run type": func() error {
			return c.Event(t.Context(), client.Task{RunType: "Backup", Name: "a"}, client.Success, nil)
		},
		"task": func() error {
			return c.Event(t.Context(), client.Task{RunType: "backup", Name: "a/b"}, client.Success, nil)
		},
		"status":         func() error { return c.Event(t.Context(), nightly, "ok", nil) },
		"value \"Rows\"": func() error { return c.Event(t.Context(), nightly, client.Success, map[string]float64{"Rows": 1}) },
		"value rows": func() error {
			return c.Event(t.Context(), nightly, client.Success, map[string]float64{"rows": math.NaN()})
		},
		"negative size": func() error {
			run, _ := c.Start(t.Context(), nightly)
			run.Size(-1)
			return run.Finish(t.Context(), client.Success)
		},
		"values: at most ": func() error {
			values := map[string]float64{}
			for i := range 21 {
				values[fmt.Sprint("v", i)] = 1
			}
			return c.Event(t.Context(), nightly, client.Success, values)
		},
	} {
		if err := report(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "incoming")); err != nil || len(left) != 1 {
		t.Errorf("want the one start that was right, got %v, %v", left, err)
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for _, o := range []client.Options{
		{}, {StateDir: "/x", URL: "http://x"}, {URL: "http://x"}, {URL: "x:19104", TokenFile: "/x"}, {URL: "ftp://u:hunter2@x", TokenFile: "/x"},
	} {
		if _, err := client.New(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "nope")
	err := newClient(t, client.Options{StateDir: missing}).Event(t.Context(), nightly, client.Success, nil)
	if err == nil || !strings.Contains(err.Error(), "jobs.state_dir") {
		t.Errorf("a state folder that is not there: %v", err)
	}
}

func TestOutcome(t *testing.T) {
	for want, err := range map[client.Status]error{
		client.Success: nil, client.Failed: errors.New("x"), client.Timeout: fmt.Errorf("x: %w", context.DeadlineExceeded),
		client.Partial: fmt.Errorf("3 of 4: %w", client.ErrPartial),
	} {
		if got := client.Outcome(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

// TestRevisionsArePushed to the real exporter, which shows what it has.
func TestRevisionsArePushed(t *testing.T) {
	e := start(t)
	c := newClient(t, client.Options{URL: e.url, TokenFile: e.tokenFile})
	for range 2 {
		if err := c.Revisions(t.Context(), "erp", []string{"V1__a.sql", "more/V2__b.sql"}); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.Get(e.url + "/api/v1/revisions?name=erp")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"name":"erp","files":2,`) {
		t.Errorf("%s, %v", body, err)
	}
	for want, call := range map[string]func() error{
		"no file's name": func() error { return c.Revisions(t.Context(), "erp", []string{"a\nb"}) },
		"there are none": func() error { return c.Revisions(t.Context(), "erp", nil) },
		"want up to 100": func() error { return c.Revisions(t.Context(), "../erp", []string{"a"}) },
		"is pushed to a URL": func() error {
			return newClient(t, client.Options{StateDir: e.stateDir}).Revisions(t.Context(), "erp", []string{"a"})
		},
		"answers 400 Bad Reque": func() error { return c.Revisions(t.Context(), "erp", []string{strings.Repeat("a", 2000)}) },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
