// SPDX-License-Identifier: Apache-2.0

//go:build unix

package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
	"github.com/easy-erp/dbsync/prometheus"
	"github.com/easy-erp/dbsync/rules"
)

// The configuration with its rules, in the layout that it expects, as the
// oldest and the newest Prometheus read it.
func TestBothVersionsAcceptTheConfiguration(t *testing.T) {
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			promtool := testenv.Tool(t, edition, "promtool")
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "rules"), rules.Files); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "prometheus.yml")
			if err := os.WriteFile(path, prometheus.Config, 0o600); err != nil {
				t.Fatal(err)
			}
			program, args := promtool.Command("check", "config", path)
			out, err := exec.Command(program, args...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "rule files found") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
