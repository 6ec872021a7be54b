// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatIsExportedIsValid exports the pack and checks it, as a user does.
func TestWhatIsExportedIsValid(t *testing.T) {
	dir := t.TempDir()
	if code, stdout, stderr := call("pack", "export", dir); code != exitOK {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	rules, err := filepath.Glob(filepath.Join(dir, "prometheus/rules/*.rules.yml"))
	if err != nil || len(rules) < 5 {
		t.Fatalf("%d rule files: %v", len(rules), err)
	}
	for _, args := range [][]string{
		append([]string{"check", "rules"}, rules...),
		{"check", "alertmanager", filepath.Join(dir, "alertmanager/alertmanager.yml")},
	} {
		if code, stdout, stderr := call(args...); code != exitOK || strings.Count(stdout, ": valid, ") != len(args)-2 {
			t.Errorf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

func TestExportOverwritesNobodysWork(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "alertmanager/alertmanager.yml")
	if code, _, stderr := call("pack", "export", dir); code != exitOK {
		t.Fatal(stderr)
	}
	if code, _, stderr := call("pack", "export", dir); code != exitOK {
		t.Errorf("a second export of the same files: exit code %d, %s", code, stderr)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := call("pack", "export", dir)
	if text, _ := os.ReadFile(mine); code != exitFailure || string(text) != "mine" || !strings.Contains(stderr, "alertmanager/alertmanager.yml") {
		t.Errorf("exit code %d, %q, the file is %.20q", code, stderr, text)
	}
	if code, _, stderr := call("pack", "export", "--force", dir); code != exitOK {
		t.Errorf("--force: exit code %d, %s", code, stderr)
	}
	if text, _ := os.ReadFile(mine); string(text) == "mine" {
		t.Error("--force did not overwrite")
	}
}

func TestChecksTellFileAndRemedy(t *testing.T) {
	const rule = "groups:\n- name: g\n  rules:\n  - alert: Mine\n    expr: "
	for _, test := range []struct{ kind, name, text, want string }{
		{"rules", "mine.rules.yml", rule + "up == 0\n", `mine.rules.yml: group "g", alert "Mine": the label severity is missing`},
		{"rules", "mine.rules.yml", rule + "sum(\n    labels: {severity: warning}\n", "mine.rules.yml: 5:"},
		{"rules", "mine.rules.yml", "group: []\n", "mine.rules.yml: "},
		{"alertmanager", "alertmanager.yml", "route: {receiver: nobody}\n", `undefined receiver "nobody"`},
		{"alertmanager", "alertmanager.yml", "route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: [none/*.tmpl]\n", "no file matches"},
		{"config", "dbsync.yml", "mysql:\n  target: []\n", "dbsync.yml:2: mysql.target: unknown key"},
	} {
		path := write(t, test.name, test.text)
		code, stdout, stderr := call("check", test.kind, path)
		if code != exitFailure || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%s %q: exit code %d, said %q, want %q", test.kind, test.text, code, stderr, test.want)
		}
	}
}

func TestRenderWritesWhatTheChecksAccept(t *testing.T) {
	values := write(t, "values.yml", `alertmanager: {receivers: {webhook_oncall: {webhook: {url: "http://127.0.0.1:1/"}}}}`)
	dir := t.TempDir()
	code, stdout, stderr := call("render", "--values", values, dir)
	if code != exitOK || !strings.Contains(stderr, "email_admin") {
		t.Fatalf("exit code %d, no note of a receiver that drops out: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := call("check", "alertmanager", filepath.Join(dir, "alertmanager/alertmanager.yml")); code != exitOK {
		t.Errorf("what was rendered is refused: %s", stderr)
	}
	bad := write(t, "values.yml", "alertmanager: {recievers: {}}")
	if code, _, stderr := call("render", "--values", bad, dir); code != exitFailure || !strings.Contains(stderr, "recievers") {
		t.Errorf("exit code %d, said %q", code, stderr)
	}
}
