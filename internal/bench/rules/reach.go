// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/stack"
)

// reading is a selector of a rule and how far back it looks.
type reading struct {
	name     string
	matchers []*labels.Matcher
	reach    time.Duration
}

// readings are what the rules read: range and offset of every selector, and those of the subqueries around it.
func readings(all []rulefile.Rule) (map[string][]reading, error) {
	by := map[string][]reading{}
	for _, rule := range all {
		expr, err := rulefile.Parser().ParseExpr(rule.Expr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rule.File, err)
		}
		parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
			v, ok := n.(*parser.VectorSelector)
			if !ok {
				return nil
			}
			reach := v.OriginalOffset
			for _, above := range path {
				switch a := above.(type) {
				case *parser.MatrixSelector:
					reach += a.Range
				case *parser.SubqueryExpr:
					reach += a.Range + a.OriginalOffset
				}
			}
			by[v.Name] = append(by[v.Name], reading{v.Name, v.LabelMatchers, reach})
			return nil
		})
	}
	return by, nil
}

// reachOf is how far back any of the selectors reads a series; false: none reads it.
func reachOf(m model.Metric, by map[string][]reading) (reach time.Duration, read bool) {
	for _, r := range by[string(m[model.MetricNameLabel])] {
		if r.matches(m) {
			reach, read = max(reach, r.reach), true
		}
	}
	return reach, read
}

func (r reading) matches(m model.Metric) bool {
	for _, matcher := range r.matchers {
		if !matcher.Matches(string(m[model.LabelName(matcher.Name)])) {
			return false
		}
	}
	return true
}

// example is a series with these labels that the selector matches.
func (r reading) example(declared catalogue.Labels) model.Metric {
	m := model.Metric{}
	for _, label := range declared.Names() {
		m[model.LabelName(label)] = "one"
	}
	for _, matcher := range r.matchers {
		switch {
		case matcher.Type == labels.MatchEqual:
			m[model.LabelName(matcher.Name)] = model.LabelValue(matcher.Value)
		case matcher.Type == labels.MatchRegexp && len(matcher.SetMatches()) > 0:
			m[model.LabelName(matcher.Name)] = model.LabelValue(matcher.SetMatches()[0])
		}
	}
	m["instance"] = stack.Instance
	if declared.Has("job") {
		m["job"] = "dbsync"
	}
	return m
}
