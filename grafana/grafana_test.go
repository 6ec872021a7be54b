// SPDX-License-Identifier: Apache-2.0

package grafana_test

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/grafana"
	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/dash"
	"github.com/easy-erp/dbsync/grafana/lint"
	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/rules"
)

// TestCommittedFilesAreGenerated fails when a board changed and its JSON did
// not, and when a file stays behind whose board is gone.
func TestCommittedFilesAreGenerated(t *testing.T) {
	want := map[string][]byte{}
	for _, d := range board.All(board.English) {
		data, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		want[d.UID+".json"] = data
	}
	for name, data := range committed(t) {
		if !bytes.Equal(data, want[name]) {
			t.Errorf("dashboards/%s is stale: run make dashboards (go run ./grafana/generate), and delete it if its board is gone", name)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("dashboards/%s is missing: run make dashboards (go run ./grafana/generate)", name)
	}
}

// TestCommittedFilesPassLint reads what Grafana will read, not the Go values.
func TestCommittedFilesPassLint(t *testing.T) {
	known := known(t)
	var boards []dash.Dashboard
	for name, data := range committed(t) {
		d, err := dash.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		boards = append(boards, d)
		for _, p := range lint.Check(d, known) {
			t.Error(p)
		}
	}
	for _, p := range lint.CheckTogether(boards) {
		t.Error(p)
	}
}

// TestSizes keeps every board within what a Kubernetes ConfigMap holds, with
// room for its siblings.
func TestSizes(t *testing.T) {
	for name, data := range committed(t) {
		if len(data) > 512*1024 {
			t.Errorf("%s has %d bytes, more than half of a ConfigMap: split the board", name, len(data))
		}
	}
}

func TestProvisioning(t *testing.T) {
	for path, must := range map[string][]string{
		"provisioning/datasources/dbsync.yml": {"timeInterval", "prometheusType", "prometheusVersion", "manageAlerts"},
		"provisioning/dashboards/dbsync.yml":  {"allowUiUpdates", "path"},
	} {
		data, err := fs.ReadFile(grafana.Provisioning, path)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			APIVersion int `yaml:"apiVersion"`
		}
		if err := yaml.Unmarshal(data, &doc); err != nil || doc.APIVersion != 1 {
			t.Errorf("%s: apiVersion %d, want 1 (%v)", path, doc.APIVersion, err)
		}
		for _, key := range must {
			if !strings.Contains(string(data), key+":") {
				t.Errorf("%s lacks %s", path, key)
			}
		}
	}
}

// committed reads dashboards/*.json by file name.
func committed(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	names, err := fs.Glob(grafana.Dashboards, "dashboards/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no dashboards are embedded (%v)", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(grafana.Dashboards, name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = data
	}
	return files
}

// metrics are what the boards may read.
type metrics struct{ catalogue.Metrics }

func (m metrics) HasLabel(expr parser.Expr, label string) bool { return m.LabelsOf(expr).Has(label) }

func known(t *testing.T) metrics {
	t.Helper()
	all, err := catalogue.New(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	return metrics{all}
}

func shipped(t *testing.T) []rulefile.Rule {
	t.Helper()
	all, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	return all
}
