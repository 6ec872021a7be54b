// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/rulefile"
)

// metrics is every metric that a query may read, and the labels of each.
type metrics struct {
	labels map[string][]string // by family; nil: not known
	open   []string            // beginnings of names of open families
}

// foreign are the metrics of Prometheus and Alertmanager themselves.
var foreign = regexp.MustCompile(`^(up|ALERTS|(prometheus|alertmanager)_[a-z_]+)$`)

// direct are the exporter's own metrics that no collector declares.
var direct = []string{"dbsync_config_last_reload_successful", "dbsync_config_last_reload_success_timestamp_seconds"}

// catalogue collects what the collectors declare and what the rules record.
func catalogue(t *testing.T) metrics {
	t.Helper()
	known := metrics{labels: map[string][]string{}}
	families := collector.SelfFamilies()
	for _, d := range exporter.Definitions() {
		families = append(families, d.Families...)
	}
	for _, f := range families {
		if f.Open {
			known.open = append(known.open, f.Name)
			continue
		}
		// The scrape configuration adds two labels to each series.
		all := append(slices.Clone(f.Labels), "instance", "job")
		if f.Type == collector.HistogramType {
			known.labels[f.Name+"_bucket"] = append(slices.Clone(all), "le")
			known.labels[f.Name+"_sum"], known.labels[f.Name+"_count"] = all, all
			continue
		}
		known.labels[f.Name] = all
	}
	for _, name := range direct {
		known.labels[name] = nil
	}
	for _, r := range read(t) {
		if r.Record != "" {
			known.labels[r.Record] = nil
		}
	}
	return known
}

// check returns what a query reads although nothing gives it.
func (m metrics) check(expr parser.Expr) []string {
	var complaints []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			complaints = append(complaints, m.checkSelector(v)...)
		}
		return nil
	})
	return complaints
}

func (m metrics) checkSelector(v *parser.VectorSelector) []string {
	if v.Name == "" || foreign.MatchString(v.Name) {
		return nil
	}
	declared, ok := m.labels[v.Name]
	if !ok {
		if slices.ContainsFunc(m.open, func(prefix string) bool { return strings.HasPrefix(v.Name, prefix) }) {
			return nil
		}
		return []string{fmt.Sprintf("no collector declares %s", v.Name)}
	}
	if declared == nil {
		return nil
	}
	var complaints []string
	for _, matcher := range v.LabelMatchers {
		if matcher.Name != labels.MetricName && !slices.Contains(declared, matcher.Name) {
			complaints = append(complaints, fmt.Sprintf("%s has no label %s, it has %s", v.Name, matcher.Name, strings.Join(declared, ", ")))
		}
	}
	return complaints
}

func TestEveryMetricIsCollected(t *testing.T) {
	known := catalogue(t)
	for _, r := range read(t) {
		for _, complaint := range known.check(expression(t, r)) {
			t.Errorf("%s%s in %s: %s", r.Record, r.Alert, r.File, complaint)
		}
	}
}

// The inputs of the promtool tests must be series that the exporter can give,
// or the rules are proved on what never comes.
func TestInputsOfTestsAreCollected(t *testing.T) {
	known := catalogue(t)
	inputs, err := rulefile.Inputs(tests, "*.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, input := range inputs {
		name := input.Get(labels.MetricName)
		declared, ok := known.labels[name]
		if foreign.MatchString(name) || ok && declared == nil {
			continue
		}
		input.Range(func(l labels.Label) {
			key := name + " " + l.Name
			if l.Name == labels.MetricName || seen[key] || slices.Contains(declared, l.Name) {
				return
			}
			seen[key] = true
			if !slices.ContainsFunc(known.open, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
				t.Errorf("%s: the tests give it the label %s, it has %s", name, l.Name, strings.Join(declared, ", "))
			}
		})
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
