// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
)

func known(t *testing.T) catalogue.Metrics {
	t.Helper()
	metrics, err := catalogue.New(read(t))
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

func TestEveryMetricIsCollected(t *testing.T) {
	known := known(t)
	for _, r := range read(t) {
		for _, complaint := range known.Check(expression(t, r)) {
			t.Errorf("%s%s in %s: %s", r.Record, r.Alert, r.File, complaint)
		}
	}
}

// The inputs of the promtool tests must be series that the exporter can give,
// or the rules are proved on what never comes.
func TestInputsOfTestsAreCollected(t *testing.T) {
	known := known(t)
	inputs, err := rulefile.Inputs(tests, "*.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, input := range inputs {
		var names []string
		input.Range(func(l labels.Label) { names = append(names, l.Name) })
		for _, complaint := range known.CheckSeries(input.Get(model.MetricNameLabel), names...) {
			if !seen[complaint] {
				t.Errorf("the tests feed it: %s", complaint)
			}
			seen[complaint] = true
		}
	}
}

// A reason that nobody reports would make an alert that never fires.
func TestReasonsOfConnectErrorsExist(t *testing.T) {
	var reasons []string
	for _, reason := range collector.ConnectReasons() {
		reasons = append(reasons, string(reason))
	}
	for _, a := range alerts(t) {
		parser.Inspect(expression(t, a), func(node parser.Node, _ []parser.Node) error {
			v, ok := node.(*parser.VectorSelector)
			if !ok || v.Name != "dbsync_connect_error" {
				return nil
			}
			for _, matcher := range v.LabelMatchers {
				if matcher.Name != "reason" {
					continue
				}
				for word := range strings.SplitSeq(matcher.Value, "|") {
					if !slices.Contains(reasons, word) {
						t.Errorf("%s: no reason %q, there are %q", a.Alert, word, reasons)
					}
				}
			}
			return nil
		})
	}
}
