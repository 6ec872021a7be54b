// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/history"
	"github.com/easy-erp/dbsync/internal/report"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestPast asks a real Prometheus and a real Alertmanager what was.
func TestPast(t *testing.T) {
	t.Parallel()
	lab := alertlab.Start(t, testenv.New, nil)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"rules.yml": `groups: [{name: test, interval: 1s, rules: [{alert: RaidDegraded, expr: vector(1),
  labels: {severity: critical, component: host, rule_id: raid_degraded, instance: erp-primary}}]}]`,
		"prometheus.yml": fmt.Sprintf(`{global: {evaluation_interval: 1s, external_labels: {cluster: x}}, rule_files: [%q],
  alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}}`,
			filepath.Join(dir, "rules.yml"), strings.TrimPrefix(lab.Alertmanager.URL(), "http://")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prometheus := testenv.Prometheus(t, testenv.New, filepath.Join(dir, "prometheus.yml"), "--rules.alert.resend-delay=1s")
	urls := []string{"--alertmanager.url=" + lab.Alertmanager.URL(), "--prometheus.url=" + prometheus.URL()}
	ask := func(args ...string) (int, string, string) { return call(append(args, urls...)...) }
	testenv.Eventually(t, 30*time.Second, "it is acknowledged", func() error {
		code, _, stderr := call("alert", "ack", "raid_degraded", "--by", "Li Lei", "--reason", "changing the disk", urls[0])
		if code != exitOK {
			return fmt.Errorf("%s", stderr)
		}
		return nil
	})
	testenv.Eventually(t, 20*time.Second, "Prometheus remembers it", func() error {
		code, stdout, stderr := ask("alert", "history", "--json")
		var episodes []history.Episode
		if err := json.Unmarshal([]byte(stdout), &episodes); err != nil {
			return fmt.Errorf("exit code %d: %s%s", code, stdout, stderr)
		}
		if len(episodes) != 1 || episodes[0].Acknowledged == nil || episodes[0].Acknowledged.By != "Li Lei" {
			return fmt.Errorf("%s", stdout)
		}
		return nil
	})
	if _, stdout, stderr := ask("alert", "history"); !strings.Contains(stdout, "by Li Lei") {
		t.Errorf("%s%s", stdout, stderr)
	}
	var r report.Report
	if _, stdout, stderr := ask("report", "--format=json"); json.Unmarshal([]byte(stdout), &r) != nil ||
		r.Total.Acknowledged != 1 || len(r.Rules) != 1 || r.Rules[0].RuleID != "raid_degraded" {
		t.Errorf("%s%s", stdout, stderr)
	}
	page := filepath.Join(dir, "week.html")
	if code, stdout, stderr := ask("report", "--format=html", "--output", page); code != exitOK {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "RaidDegraded") {
		t.Errorf("%s %v", text, err)
	}
	// Without an Alertmanager what fired is told all the same, and what is not known is said.
	code, stdout, stderr := call("alert", "history", urls[1], "--alertmanager.url=http://127.0.0.1:1")
	if code != exitOK || !strings.Contains(stdout, "RaidDegraded") || !strings.Contains(stderr, "who took an alert is not known") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
