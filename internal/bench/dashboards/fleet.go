// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/lint"
	"github.com/easy-erp/dbsync/grafana/queries"
	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/bench/template"
	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/rules"
)

// scrapeInterval is that of the shipped prometheus.yml.
const scrapeInterval = 10 * time.Second

// failing: on every tenth server all is the whole month as in the template, which
// has things broken. On the others nothing happens.
const failing = 10

// onlyWhere is what a server has only where something happens.
var onlyWhere = regexp.MustCompile(`^(ALERTS|instance_alertname:|dbsync_schema_change_)|:(just_now|failed|active|some)$`)

// fleet makes the series that the boards read, of so many instances.
func fleet(taken []template.Sample, instances int) ([]backfill.Series, error) {
	shipped, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		return nil, err
	}
	f := &filler{intervals: map[string]time.Duration{}, instances: instances, series: map[uint64]backfill.Series{}}
	for _, r := range shipped {
		f.intervals[r.Record] = time.Duration(r.Interval)
	}
	wanted, err := asked()
	if err != nil {
		return nil, err
	}
	known, err := catalogue.New(shipped)
	if err != nil {
		return nil, err
	}
	for _, s := range append(slices.Clone(taken), missing(taken, wanted, known)...) {
		if wanted[string(s.Metric[model.MetricNameLabel])] {
			f.addSample(s)
		}
	}
	return slices.Collect(maps.Values(f.series)), nil
}

// asked are the names of the metrics that the boards read.
func asked() (map[string]bool, error) {
	names := map[string]bool{}
	for _, d := range board.All(board.English) {
		for _, q := range queries.Of(d) {
			expr, err := lint.Parse(q.Expr)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", q, err)
			}
			parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
				if v, ok := n.(*parser.VectorSelector); ok {
					names[v.Name] = true
				}
				return nil
			})
		}
	}
	return names, nil
}

// missing are one series for each metric that the template's system does not
// have, such as those of replicas.
func missing(taken []template.Sample, wanted map[string]bool, known catalogue.Metrics) []template.Sample {
	have := map[string]bool{}
	for _, s := range taken {
		have[string(s.Metric[model.MetricNameLabel])] = true
	}
	var all []template.Sample
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		declared, _ := known.Labels(name)
		if have[name] || len(declared.Names()) == 0 {
			continue
		}
		one := template.Sample{Metric: model.Metric{model.MetricNameLabel: model.LabelValue(name)}, Kind: backfill.Wavering, Level: 64}
		for _, label := range declared.Names() {
			one.Metric[model.LabelName(label)] = "one"
		}
		one.Metric["instance"], one.Metric["job"] = stack.Instance, "dbsync"
		if template.IsCounter(name) {
			one.Kind = backfill.Rising
		}
		all = append(all, one)
	}
	return all
}

// filler gathers series.
type filler struct {
	intervals map[string]time.Duration // of recording rules
	instances int
	series    map[uint64]backfill.Series
}

func (f *filler) addSample(s template.Sample) {
	if s.Metric["instance"] != stack.Instance {
		f.add(s, s.Metric)
		return
	}
	for i := range f.instances {
		if i%failing != 0 && onlyWhere.MatchString(string(s.Metric[model.MetricNameLabel])) {
			continue
		}
		m := s.Metric.Clone()
		m["instance"] = model.LabelValue(fmt.Sprintf("db%03d", i+1))
		if _, ok := m["job"]; ok && i > 0 {
			m["job"] = "dbsync_probe"
		}
		for _, one := range template.Multiply(m) {
			f.add(s, one)
		}
	}
}

func (f *filler) add(s template.Sample, m model.Metric) {
	interval := f.intervals[string(m[model.MetricNameLabel])]
	if interval == 0 {
		interval = scrapeInterval
	}
	b := labels.NewScratchBuilder(len(m))
	for name, value := range m {
		b.Add(string(name), string(value))
	}
	b.Sort()
	one := backfill.Series{Labels: b.Labels(), Shape: backfill.Shape{Interval: interval, Kind: s.Kind, Level: s.Level}}
	f.series[one.Labels.Hash()] = one
}
