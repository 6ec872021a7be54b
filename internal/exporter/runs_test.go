// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

const token = "0123456789abcdef0123456789abcdef"

var bearer = map[string]string{"Authorization": "Bearer " + token}

// startRuns runs an exporter that takes reports, with the collector of runs, and
// returns its state folder.
func startRuns(t *testing.T) (*running, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	writeFile(t, file, token+"\n")
	state := filepath.Join(dir, "state")
	r := start(t, oneServer+fmt.Sprintf("jobs: {state_dir: %q}\n", state), func(o *Options, _ *running) {
		o.EnableRunAPI, o.RunTokenFile = true, file
		o.definitions = func(p plan, server collector.Server, runs *job.Store) []collector.Definition {
			return append(fakeDefinitions(p, server, runs), job.Definition(runs))
		}
	})
	return r, state
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// runJSON is the report of a run that just ended, with some fields changed.
func runJSON(change map[string]any) string {
	run := map[string]any{
		"id": "1", "run_type": "backup", "task": "nightly", "status": "success",
		"start": time.Now().Add(-time.Minute).Format(time.RFC3339), "end": time.Now().Format(time.RFC3339),
	}
	for name, value := range change {
		if value == nil {
			delete(run, name)
		} else {
			run[name] = value
		}
	}
	text, err := json.Marshal(run)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestReportedRunIsListedAndCounted(t *testing.T) {
	r, _ := startRuns(t)
	r.want("/api/v1/runs", 200, `{"tasks":[]}`)
	begin := runJSON(map[string]any{"status": "running", "end": nil})
	end := runJSON(map[string]any{"size_bytes": 4096, "values": map[string]float64{"tables": 7}})
	for i, step := range []struct {
		body, answer string
		code         int
		metric       string
	}{
		{begin, `{"recorded":true}`, 201, `dbsync_run_in_progress{run_type="backup",task="nightly"} 1`},
		{end, `{"recorded":true}`, 201, `dbsync_run_value{name="tables",run_type="backup",task="nightly"} 7`},
		{end, `{"recorded":false}`, 200, `dbsync_run_total{run_type="backup",status="success",task="nightly"} 1`},
	} {
		if a := r.do(http.MethodPost, "/api/v1/runs", step.body, bearer); a.code != step.code || strings.TrimSpace(a.body) != step.answer {
			t.Errorf("step %d: status %d: %s", i, a.code, a.body)
		}
		r.want("/metrics", 200, step.metric)
	}
	var list struct{ Tasks []job.Task }
	if err := json.Unmarshal([]byte(r.want("/api/v1/runs?run_type=backup&task=nightly", 200).body), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Tasks) != 1 || list.Tasks[0].Totals[job.Success] != 1 || *list.Tasks[0].Last.SizeBytes != 4096 || list.Tasks[0].Seen != nil {
		t.Errorf("%+v", list)
	}
	r.want("/api/v1/runs?task=other", 200, `{"tasks":[]}`)
	const one = "/api/v1/runs?run_type=backup&task=nightly"
	if a := r.do(http.MethodDelete, one, "", bearer); a.code != 204 || a.body != "" {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	if a := r.do(http.MethodDelete, one, "", bearer); a.code != 404 {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	if body := r.want("/metrics", 200).body; strings.Contains(body, "nightly") {
		t.Error("a retired task has series")
	}
}

func TestWrongReportsAreRefusedAndSayWhy(t *testing.T) {
	r, state := startRuns(t)
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"POST", "/api/v1/runs", "", 400, "not the JSON of a run"},
		{"POST", "/api/v1/runs", "task=nightly", 400, "not the JSON of a run"},
		{"POST", "/api/v1/runs", runJSON(map[string]any{"stauts": "x"}), 400, `unknown field \"stauts\"`},
		{"POST", "/api/v1/runs", runJSON(map[string]any{"status": "ok"}), 400, `want success, failed, timeout, partial, lost or running`},
		{"POST", "/api/v1/runs", runJSON(map[string]any{"task": "../../etc/passwd"}), 400, "task: "},
		{"POST", "/api/v1/runs", runJSON(map[string]any{"id": strings.Repeat("x", 70<<10)}), 413, "65536 bytes"},
		{"DELETE", "/api/v1/runs", "", 400, "?run_type="},
		{"DELETE", "/api/v1/runs?run_type=a&task=..", "", 400, "task: "},
		{"DELETE", "/api/v1/runs?run_type=a&task=b&x=1", "", 400, `unknown parameter \"x\"`},
		{"GET", "/api/v1/runs?tsak=x", "", 400, `unknown parameter \"tsak\"`},
		{"PATCH", "/api/v1/runs", "", 405, ""},
	} {
		a := r.do(c.method, c.path, c.body, bearer)
		if a.code != c.code || !strings.Contains(a.body, c.want) {
			t.Errorf("%s %s %.80s: status %d: %s", c.method, c.path, c.body, a.code, a.body)
		}
		if kind := a.header.Get("Content-Type"); c.code != 405 && kind != "application/json" {
			t.Errorf("%s %s: %s", c.method, c.path, kind)
		}
	}
	if left, err := os.ReadDir(state); !os.IsNotExist(err) && len(left) > 1 {
		t.Errorf("refused reports left %v", left)
	}
}

// Without the token nothing is taken, from nowhere.
func TestTokenIsAskedForOnEveryChange(t *testing.T) {
	r, state := startRuns(t)
	for name, header := range map[string]map[string]string{
		"none": nil, "wrong": {"Authorization": "Bearer wrong"}, "empty": {"Authorization": "Bearer "}, "other scheme": {"Authorization": "Basic " + token},
		"a part": {"Authorization": "Bearer " + token[:31]}, "wrong header": {tokenHeader: "wrong", "Authorization": "Bearer " + token},
		"pretends to be near": {"X-Forwarded-For": "127.0.0.1"},
	} {
		for _, method := range []string{http.MethodPost, http.MethodDelete} {
			a := r.do(method, "/api/v1/runs?run_type=backup&task=nightly", runJSON(nil), header)
			if a.code != 401 || a.header.Get("WWW-Authenticate") != "Bearer" || strings.Contains(a.body, token[:8]) {
				t.Errorf("%s: %s: status %d: %s", name, method, a.code, a.body)
			}
		}
	}
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
	r.want("/api/v1/runs", 200) // reading needs none, as the metrics do
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(nil), map[string]string{tokenHeader: token, "Authorization": "Basic dTpw"}); a.code != 201 {
		t.Errorf("beside an account: status %d: %s", a.code, a.body)
	}
	if strings.Contains(r.log.String(), token) {
		t.Error("the log shows the token")
	}
}

func TestRotatedTokenIsInForceAtOnce(t *testing.T) {
	r, _ := startRuns(t)
	const next = "fedcba9876543210fedcba9876543210"
	writeFile(t, r.options.RunTokenFile, next)
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(nil), bearer); a.code != 401 {
		t.Errorf("the old token: status %d", a.code)
	}
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(nil), map[string]string{"Authorization": "bearer " + next}); a.code != 201 {
		t.Errorf("the new token: status %d: %s", a.code, a.body)
	}
	writeFile(t, r.options.RunTokenFile, "")
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(nil), map[string]string{"Authorization": "Bearer "}); a.code != 500 {
		t.Errorf("an empty token file lets everybody in: status %d: %s", a.code, a.body)
	}
}

func TestRunAPIIsOffUnlessAskedForWithAToken(t *testing.T) {
	r := start(t, oneServer, nil)
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		if a := r.do(method, "/api/v1/runs", runJSON(nil), bearer); a.code != 403 || !strings.Contains(a.body, "--web.enable-run-api") {
			t.Errorf("%s: status %d: %s", method, a.code, a.body)
		}
	}
	short := filepath.Join(t.TempDir(), "short")
	writeFile(t, short, "secret\n")
	for _, o := range []Options{
		{EnableRunAPI: true}, {RunTokenFile: short}, {EnableRunAPI: true, RunTokenFile: short}, {EnableRunAPI: true, RunTokenFile: short + "-missing"},
	} {
		o.Load = r.load
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "--web.run-token-file") {
			t.Errorf("%v %q: %v", o.EnableRunAPI, o.RunTokenFile, err)
		}
	}
}

// What another process, such as dbsyncctl, or a program without a library wrote is
// shown; a folder that cannot be read whole is told beside it.
func TestRunsOfOtherProcessesAreListed(t *testing.T) {
	r, state := startRuns(t)
	other := job.New(job.Options{Dir: state})
	now := time.Now()
	if _, err := other.Report(t.Context(), job.Run{ID: "a", RunType: "sync", Task: "crm", Status: job.Failed, Start: now, End: now}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(state, "incoming"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(state, "incoming", "x.json"), runJSON(nil))
	r.want("/api/v1/runs", 200, `"task":"crm"`, `"task":"nightly"`)
	writeFile(t, filepath.Join(state, "sync@bad.json"), "{")
	r.want("/api/v1/runs", 200, `"task":"crm"`, `"warnings":["`, "sync@bad.json")
}

func TestReportsAreBoundedWhileTheFolderIsStuck(t *testing.T) {
	r, _ := startRuns(t)
	for range maxRunWrites {
		r.runWrites <- struct{}{}
	}
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(nil), bearer); a.code != 503 {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	r.want("/metrics", 200, "mysql_up 1")
}

func TestReportsAtOnceAllCount(t *testing.T) {
	r, _ := startRuns(t)
	var wg sync.WaitGroup
	ids := slices.Repeat([]string{"a", "b", "c", "d"}, 2)
	for _, id := range ids {
		wg.Go(func() {
			if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(map[string]any{"id": id}), bearer); a.code != 200 && a.code != 201 {
				t.Errorf("status %d: %s", a.code, a.body)
			}
		})
	}
	wg.Wait()
	r.want("/metrics", 200, `dbsync_run_total{run_type="backup",status="success",task="nightly"} 4`)
}

// The folder of a new configuration is used, and no other.
func TestReloadChangesTheStateFolder(t *testing.T) {
	r, state := startRuns(t)
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(nil), bearer); a.code != 201 {
		t.Fatal(a.body)
	}
	r.write(oneServer + fmt.Sprintf("jobs: {state_dir: %q}\n", state+"2"))
	if a := r.reloadByHTTP(); a.code != 200 {
		t.Fatal(a.body)
	}
	r.want("/api/v1/runs", 200, `{"tasks":[]}`)
	if a := r.do(http.MethodPost, "/api/v1/runs", runJSON(map[string]any{"task": "other"}), bearer); a.code != 201 {
		t.Fatal(a.body)
	}
	if body := r.want("/metrics", 200, `task="other"`).body; strings.Contains(body, "nightly") {
		t.Error("the old folder is still shown")
	}
}
