// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestVmalertLoads lets VictoriaMetrics' own check of rules look at all files, and at one that is wrong.
func TestVmalertLoads(t *testing.T) {
	vmalert := testenv.Tool(t, testenv.New, "vmalert")
	check := func(pattern string) error {
		path, args := vmalert.Command("-rule="+pattern, "-dryRun")
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	}
	if err := check("*.rules.yml"); err != nil {
		t.Error(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.rules.yml")
	text := "groups: [{name: broken, rules: [{alert: Broken, expr: 'rate(x[5m]'}]}]\n"
	if err := os.WriteFile(broken, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := check(broken); err == nil || !strings.Contains(err.Error(), "Broken") {
		t.Errorf("an expression that does not parse is accepted, or not named: %v", err)
	}
}

// TestVmalertEvaluates pushes what servers give that went down, and what one gives that is well, and lets vmalert
// evaluate all rules over VictoriaMetrics: MetricsQL knows other defaults of staleness and of ranges than PromQL.
func TestVmalertEvaluates(t *testing.T) {
	storage := victoriaMetrics(t)
	vmalert := startVmalert(t, storage)
	now := time.Now()
	push(t, storage, "missed", 0, now.Add(-2*time.Minute)) // as long as scrapes may fail, the last one counts
	push(t, storage, "gone", 0, now.Add(-10*time.Minute))
	states := map[string]string{}
	testenv.Eventually(t, 2*time.Minute, "what went down is told", func() error {
		push(t, storage, "down", 0, time.Now())
		push(t, storage, "well", 1, time.Now())
		var err error
		if states, err = vmalertAlerts(t.Context(), vmalert); err != nil {
			return err
		}
		for _, instance := range []string{"down", "missed"} {
			if state := states["MySQLDown/"+instance]; state != "firing" {
				return fmt.Errorf("MySQLDown of %s is %q of %v", instance, state, states)
			}
		}
		return nil
	})
	for _, instance := range []string{"well", "gone"} {
		if state, ok := states["MySQLDown/"+instance]; ok {
			t.Errorf("MySQLDown of %s is %s", instance, state)
		}
	}
	failed, err := vmalertErrors(t.Context(), vmalert)
	if err != nil || len(failed) > 0 {
		t.Errorf("rules that vmalert cannot evaluate: %v %v", failed, err)
	}
}

// startVmalert starts it with all rules, ten times as fast.
func startVmalert(t *testing.T, storage *sandbox.Service) *sandbox.Service {
	t.Helper()
	dir := t.TempDir()
	values := render.Values{Rules: render.Rules{Scale: 0.1}}
	values.Alertmanager.Receivers = map[string]render.Receiver{ // which is not started, but must be whole
		render.Seed()[0]: {Webhook: &render.Webhook{URL: "http://127.0.0.1:1"}},
	}
	if _, err := render.Write(dir, pack.Source(), values); err != nil {
		t.Fatal(err)
	}
	return testenv.Service(t, sandbox.ServiceOptions{
		Program: testenv.Tool(t, testenv.New, "vmalert"), Ready: "/health",
		Arguments: func(address, _ string) []string {
			return []string{
				"-httpListenAddr=" + address, "-rule=" + filepath.Join(dir, "prometheus", "rules", "*.rules.yml"),
				"-notifier.blackhole", "-datasource.url=" + storage.URL(), "-remoteWrite.url=" + storage.URL(),
				"-remoteRead.url=" + storage.URL(), "-remoteWrite.flushInterval=1s",
				"-rule.evalDelay=1s", // by default it looks at how things were 30 s ago
			}
		},
	})
}

func victoriaMetrics(t *testing.T) *sandbox.Service {
	t.Helper()
	return testenv.Service(t, sandbox.ServiceOptions{
		Program: testenv.Tool(t, testenv.New, "victoria-metrics"), Ready: "/health",
		Arguments: func(address, dir string) []string {
			return []string{
				"-httpListenAddr=" + address, "-storageDataPath=" + filepath.Join(dir, "data"),
				"-search.latencyOffset=1s", // else what was written in the last half minute is not seen
				"-memory.allowedBytes=128MB",
			}
		},
	})
}

// push writes one scrape of a server.
func push(t *testing.T, storage *sandbox.Service, instance string, up int, at time.Time) {
	t.Helper()
	labels := fmt.Sprintf(`{instance=%q,job="dbsync"}`, instance)
	text := fmt.Sprintf("up%[1]s 1 %[3]d\nmysql_up%[1]s %[2]d %[3]d\ndbsync_mysql_reachable%[1]s %[2]d %[3]d\n", labels, up, at.UnixMilli())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, storage.URL()+"/api/v1/import/prometheus", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		t.Fatal(response.Status)
	}
}

// vmalertAlerts are the states of all alerts, by name and instance.
func vmalertAlerts(ctx context.Context, vmalert *sandbox.Service) (map[string]string, error) {
	var answer struct {
		Data struct {
			Alerts []struct {
				State  string            `json:"state"`
				Labels map[string]string `json:"labels"`
			} `json:"alerts"`
		} `json:"data"`
	}
	states := map[string]string{}
	err := getJSON(ctx, vmalert.URL()+"/api/v1/alerts", &answer)
	for _, a := range answer.Data.Alerts {
		states[a.Labels["alertname"]+"/"+a.Labels["instance"]] = a.State
	}
	return states, err
}

// vmalertErrors are the rules whose last evaluation failed, with why.
func vmalertErrors(ctx context.Context, vmalert *sandbox.Service) (map[string]string, error) {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct {
					Name      string `json:"name"`
					LastError string `json:"lastError"`
				} `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	failed := map[string]string{}
	err := getJSON(ctx, vmalert.URL()+"/api/v1/rules", &answer)
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			if rule.LastError != "" {
				failed[rule.Name] = rule.LastError
			}
		}
	}
	return failed, err
}

func getJSON(ctx context.Context, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}
