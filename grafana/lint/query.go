// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// rateInterval stands for $__rate_interval while a query is parsed: a duration
// that no query writes by itself, so that the walk can recognise it.
const rateInterval = "1234567s"

// Queries lists what a dashboard asks of Prometheus, variables still in place.
func Queries(d dash.Dashboard) []string {
	var list []string
	for _, p := range d.AllPanels() {
		for _, t := range p.Targets {
			list = append(list, t.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		list = append(list, a.Expr)
	}
	return list
}

// Metrics lists the metric names of a query, variables still in place.
func Metrics(query string) ([]string, error) {
	expr, err := parse(query)
	if err != nil {
		return nil, err
	}
	var names []string
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
		return nil
	})
	return names, nil
}

// parse reads a query as Prometheus will: Grafana's interval replaced, the other
// variables left inside their strings.
func parse(query string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(strings.ReplaceAll(query, "$__rate_interval", rateInterval))
}

// annotation checks an annotation; Grafana does not know $__rate_interval there.
func (c *checker) annotation(a dash.Annotation) {
	where := "annotation " + a.Name
	if a.Datasource != dash.Prometheus() {
		c.report(where, "panel-datasource", "it must use the data source variable")
	}
	if strings.Contains(a.Expr, "$__") {
		c.report(where, "annotation-interval", "Grafana replaces no interval variables in annotations")
	}
	c.query(where, a.Expr, "")
}

// query checks one expression. window is the range that rates must use.
func (c *checker) query(where, query, window string) {
	expr, err := parse(query)
	if err != nil {
		c.report(where, "target-promql", "it does not parse: %v", err)
		return
	}
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			c.selector(where, n, path)
		case *parser.Call:
			c.rate(where, n, window)
		}
		return nil
	})
}

// selector checks one metric: it exists, it follows the variables, and a counter
// is read as a rate.
func (c *checker) selector(where string, s *parser.VectorSelector, path []parser.Node) {
	if c.known != nil && !c.known(s.Name) {
		c.report(where, "target-metric", "no metric or recording rule is named %q in docs/metrics.md or rules/", s.Name)
	}
	for _, label := range mustFollow(s.Name) {
		if !follows(s.LabelMatchers, label) {
			c.report(where, "target-"+label, `%s must have %s=~"$%s"`, s.Name, label, label)
		}
	}
	if strings.HasSuffix(s.Name, "_total") && !insideRate(path) {
		c.report(where, "target-counter-agg", "counter %s must be inside rate, irate or increase", s.Name)
	}
}

// mustFollow names the variables that a selector of the metric has to obey. The
// results of recording rules have no job, alerts may lack both labels, and the
// watchdog's and the fleet's figures have no server.
func mustFollow(metric string) []string {
	switch {
	case strings.HasPrefix(metric, "dbsync:"):
		return nil
	case metric == "ALERTS" || metric == "ALERTS_FOR_STATE" || strings.Contains(metric, ":"):
		return []string{"instance"}
	}
	return []string{"job", "instance"}
}

// follows accepts $label, $label with the empty alternative for series without
// it, and the watchdog's severity, which belongs to no server.
func follows(matchers []*labels.Matcher, label string) bool {
	return slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
		watchdog := m.Name == "severity" && m.Type == labels.MatchEqual && m.Value == "none"
		ours := m.Name == label && m.Type == labels.MatchRegexp && (m.Value == "$"+label || m.Value == "$"+label+"|")
		return ours || watchdog
	})
}

var rateFunctions = []string{"rate", "irate", "increase"}

func insideRate(path []parser.Node) bool {
	return slices.ContainsFunc(path, func(n parser.Node) bool {
		call, ok := n.(*parser.Call)
		return ok && slices.Contains(rateFunctions, call.Func.Name)
	})
}

// rate checks that a rate follows the scrape interval and the zoom.
func (c *checker) rate(where string, call *parser.Call, window string) {
	if !slices.Contains(rateFunctions, call.Func.Name) {
		return
	}
	m, ok := call.Args[0].(*parser.MatrixSelector)
	if !ok || window == "" || m.Range.Seconds() != 1234567 {
		c.report(where, "target-rate-interval", "%s must range over [$__rate_interval]", call.Func.Name)
	}
}
