// SPDX-License-Identifier: Apache-2.0

// Package lint checks dashboards for what breaks them in the field: queries that
// do not parse, rates over a fixed window, panels that ignore the variables in
// the bar, ids that clash, units that Grafana does not know, metrics that nothing
// exports. The rules are those of grafana/dashboard-linter, which links code
// under the AGPL and so cannot be a dependency, plus the ones it lacks.
package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// Problem is one finding.
type Problem struct {
	Board   string // the dashboard's uid
	Where   string // panel, variable or annotation; empty for the dashboard itself
	Rule    string
	Message string // what is wrong and what would be right
}

func (p Problem) String() string {
	if p.Where == "" {
		return fmt.Sprintf("%s: %s (%s)", p.Board, p.Message, p.Rule)
	}
	return fmt.Sprintf("%s, %s: %s (%s)", p.Board, p.Where, p.Message, p.Rule)
}

// Metrics knows what a query may read.
type Metrics interface {
	// Check returns complaints about what the expression reads although nothing
	// gives it.
	Check(expr parser.Expr) []string
	// HasLabel tells whether the expression's result may have the label.
	HasLabel(expr parser.Expr, label string) bool
}

// Check gives the problems of one dashboard. Without metrics, nil, nothing is
// said about the existence of what it reads.
func Check(d dash.Dashboard, metrics Metrics) []Problem {
	c := &checker{uid: d.UID, metrics: metrics}
	c.board(d)
	c.variables(d.Templating.List)
	c.ids(d.AllPanels())
	c.places(d.Panels)
	for _, p := range d.AllPanels() {
		c.panel(p)
	}
	for _, a := range d.Annotations.List {
		c.annotation(a)
	}
	return c.problems
}

// CheckTogether gives the problems between dashboards: one folder may hold no
// uid and no title twice, or Grafana saves none of them, and a link must lead to
// a dashboard of the same set.
func CheckTogether(boards []dash.Dashboard) []Problem {
	var problems []Problem
	seen := map[string]string{}
	for _, d := range boards {
		for _, key := range []string{"uid " + d.UID, "title " + d.Title} {
			if other, taken := seen[key]; taken {
				problems = append(problems, Problem{d.UID, "", "unique-board", key + " is also that of " + other})
			}
			seen[key] = d.UID
		}
	}
	for _, d := range boards {
		problems = append(problems, deadLinks(d, seen)...)
	}
	return problems
}

// checker gathers the problems of one dashboard.
type checker struct {
	uid      string
	metrics  Metrics
	problems []Problem
}

func (c *checker) report(where, rule, format string, args ...any) {
	c.problems = append(c.problems, Problem{c.uid, where, rule, fmt.Sprintf(format, args...)})
}
