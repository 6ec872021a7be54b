// SPDX-License-Identifier: Apache-2.0

package alertmanager

import (
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

func TestMain(m *testing.M) {
	// Notifications show local time; the golden files are written in UTC.
	time.Local = time.UTC
	goleak.VerifyTestMain(m)
}

func load(t *testing.T) *amconfig.Config {
	t.Helper()
	text, err := fs.ReadFile(Files, ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	config, err := amconfig.Load(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// shipped returns the alerts as the promtool tests of the rules see them fire:
// label sets that really reach Alertmanager, at least one per alert.
func shipped(t *testing.T) []model.LabelSet {
	t.Helper()
	examples, err := rulefile.Examples(os.DirFS("../rules/tests"), "*.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	if len(examples) == 0 {
		t.Fatal("the rules have no tests")
	}
	all := make([]model.LabelSet, 0, len(examples))
	for _, example := range examples {
		set := model.LabelSet{}
		example.Range(func(l labels.Label) { set[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
		all = append(all, set)
	}
	return all
}

func name(alert model.LabelSet) string {
	return string(alert["alertname"] + "/" + alert["severity"])
}

// step is one receiver that is told, and after how long.
type step struct {
	receiver string
	wait     time.Duration
}

// ladder returns who is told of an alert, the earliest first.
func ladder(root *dispatch.Route, alert model.LabelSet) []step {
	var steps []step
	for _, route := range root.Match(alert) {
		steps = append(steps, step{route.RouteOpts.Receiver, route.RouteOpts.GroupWait})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(a.wait - b.wait) })
	return steps
}
