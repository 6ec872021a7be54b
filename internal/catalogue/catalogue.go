// SPDX-License-Identifier: Apache-2.0

// Package catalogue knows every metric that a query may read, and its labels:
// what the collectors declare, what the rules record, and what Prometheus and
// Alertmanager give of themselves. Rules and dashboards are checked against it.
package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/rulefile"
)

// Metrics are the metrics that there are.
type Metrics struct {
	labels map[string]Labels
	open   []string // beginnings of the names of open families
}

// foreign are the metrics of Prometheus and Alertmanager themselves.
var foreign = regexp.MustCompile(`^(up|ALERTS|ALERTS_FOR_STATE|scrape_[a-z_]+|(prometheus|alertmanager|process|go)_[a-z_]+)$`)

// New collects what the collectors declare and what the rules record.
func New(rules []rulefile.Rule) (Metrics, error) {
	m := Metrics{labels: map[string]Labels{}}
	families := collector.SelfFamilies()
	for _, d := range exporter.Definitions() {
		families = append(families, d.Families...)
	}
	own, err := exporter.SelfFamilies()
	if err != nil {
		return Metrics{}, err
	}
	for i := range own {
		families = append(families, &own[i])
	}
	for _, f := range families {
		m.addFamily(f)
	}
	for _, r := range rules {
		if err := m.addRule(r); err != nil {
			return Metrics{}, err
		}
	}
	return m, nil
}

func (m *Metrics) addFamily(f *collector.Family) {
	if f.Open {
		m.open = append(m.open, f.Name)
		return
	}
	// The scrape configuration adds two labels to each series.
	all := append(slices.Clone(f.Labels), "instance", "job")
	if f.Type == collector.HistogramType {
		m.labels[f.Name+"_bucket"] = Of(append(all, "le")...)
		m.labels[f.Name+"_sum"], m.labels[f.Name+"_count"] = Of(all...), Of(all...)
		return
	}
	m.labels[f.Name] = Of(all...)
}

// addRule works out the labels that a recording rule's expression leaves. Rules
// of one name add up.
func (m *Metrics) addRule(r rulefile.Rule) error {
	if r.Record == "" {
		return nil
	}
	expr, err := rulefile.Parser().ParseExpr(r.Expr)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", r.File, r.Record, err)
	}
	given := m.LabelsOf(expr)
	for name := range r.Labels {
		given = given.with(name)
	}
	m.labels[r.Record] = given.union(m.labels[r.Record])
	return nil
}

// Labels returns the labels of the metric; false: there is no such metric.
func (m Metrics) Labels(name string) (Labels, bool) {
	if declared, ok := m.labels[name]; ok {
		return declared, true
	}
	isOpen := slices.ContainsFunc(m.open, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	return Any(), isOpen || foreign.MatchString(name)
}

// CheckSeries returns what is wrong with a name and the labels that are asked of
// it or given to it.
func (m Metrics) CheckSeries(name string, labels ...string) []string {
	declared, ok := m.Labels(name)
	if !ok {
		return []string{fmt.Sprintf("no collector declares %s and no rule records it", name)}
	}
	var complaints []string
	for _, label := range labels {
		if !declared.Has(label) {
			complaints = append(complaints, fmt.Sprintf("%s has no label %s, it has %s", name, label, declared))
		}
	}
	return complaints
}

// Check returns what a query reads or groups by although nothing gives it.
func (m Metrics) Check(expr parser.Expr) []string {
	var complaints []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			complaints = append(complaints, m.checkSelector(n)...)
		case *parser.AggregateExpr:
			complaints = append(complaints, m.checkGrouping(n)...)
		}
		return nil
	})
	return complaints
}

func (m Metrics) checkSelector(v *parser.VectorSelector) []string {
	if v.Name == "" {
		return nil
	}
	var names []string
	for _, matcher := range v.LabelMatchers {
		names = append(names, matcher.Name)
	}
	return m.CheckSeries(v.Name, names...)
}

func (m Metrics) checkGrouping(a *parser.AggregateExpr) []string {
	inner := m.LabelsOf(a.Expr)
	var complaints []string
	for _, label := range a.Grouping {
		if !inner.Has(label) {
			complaints = append(complaints, fmt.Sprintf("%s: there is no label %s to group by, there are %s", a, label, inner))
		}
	}
	return complaints
}
