// SPDX-License-Identifier: Apache-2.0

//go:build unix

package alertmanager

import (
	"encoding/json"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/dispatch"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// eachAmtool runs a test with the oldest and the newest amtool.
func eachAmtool(t *testing.T, test func(t *testing.T, amtool func(args ...string) string)) {
	for _, edition := range []sandbox.Edition{sandbox.Old, sandbox.New} {
		t.Run(string(edition), func(t *testing.T) {
			program := testenv.Tool(t, edition, "amtool")
			test(t, func(args ...string) string {
				t.Helper()
				path, argv := program.Command(args...)
				out, err := exec(path, argv...)
				if err != nil {
					t.Fatalf("amtool %s: %v\n%s", strings.Join(args, " "), err, out)
				}
				return out
			})
		})
	}
}

// exec runs a program and returns its output, and its complaints if it fails.
func exec(path string, args ...string) (string, error) {
	command := osexec.Command(path, args...)
	command.Env = append(os.Environ(), "TZ=UTC")
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return string(out) + complaints.String(), err
	}
	return string(out), nil
}

func TestBothVersionsAcceptTheConfiguration(t *testing.T) {
	eachAmtool(t, func(t *testing.T, amtool func(args ...string) string) {
		if out := amtool("check-config", ConfigName); !strings.Contains(out, "SUCCESS") {
			t.Error(out)
		}
	})
}

func TestBothVersionsRouteAlike(t *testing.T) {
	root := dispatch.NewRoute(load(t).Route, nil)
	eachAmtool(t, func(t *testing.T, amtool func(args ...string) string) {
		seen := map[string]bool{}
		for _, alert := range shipped(t) {
			key := string(alert["rule_id"] + alert["severity"])
			if seen[key] {
				continue
			}
			seen[key] = true
			args := []string{"config", "routes", "test", "--config.file", ConfigName}
			for label, value := range alert {
				args = append(args, string(label)+"="+string(value))
			}
			got := strings.Split(strings.TrimSpace(amtool(args...)), ",")
			var want []string
			for _, route := range root.Match(alert) {
				want = append(want, route.RouteOpts.Receiver)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name(alert), got, want)
			}
		}
	})
}

// Old versions lack template functions that the library has.
func TestBothVersionsRenderAlike(t *testing.T) {
	library := loadTemplates(t, ".")
	eachAmtool(t, func(t *testing.T, amtool func(args ...string) string) {
		for name, data := range notifications() {
			path := filepath.Join(t.TempDir(), "data.json")
			text, err := json.Marshal(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(kind, template string) string {
				return strings.TrimSpace(amtool("template", "render", "--template.glob", "templates/*.tmpl",
					"--template.data", path, "--template.type", kind, "--template.text", call(template)))
			}
			for _, text := range texts {
				if got, want := run("text", text), strings.TrimSpace(rendered(t, library.ExecuteTextString, text, data)); got != want {
					t.Errorf("%s of %s: got\n%s\nwant\n%s", text, name, got, want)
				}
			}
			for _, html := range htmls {
				if got, want := run("html", html), strings.TrimSpace(rendered(t, library.ExecuteHTMLString, html, data)); got != want {
					t.Errorf("%s of %s: got\n%s\nwant\n%s", html, name, got, want)
				}
			}
		}
	})
}
