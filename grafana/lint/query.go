// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// What stands for Grafana's durations while a query is parsed: such as no query
// writes by itself, so that the walk can recognise them.
const (
	rateInterval = 1234567 * time.Second // $__rate_interval
	boardRange   = 7654321 * time.Second // $__range
)

var durations = strings.NewReplacer("$__rate_interval", "1234567s", "$__range", "7654321s")

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

// Parse reads a query as Prometheus will: Grafana's durations replaced, the other
// variables left inside their strings.
func Parse(query string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(durations.Replace(query))
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
	c.query(where, a.Expr)
}

// legendLabel finds the labels that a legend names.
var legendLabel = regexp.MustCompile(`{{\s*([a-zA-Z_]\w*)\s*}}`)

// legend checks that the labels which a legend names are there.
func (c *checker) legend(where string, t dash.Target) {
	expr, err := Parse(t.Expr)
	if err != nil || c.metrics == nil {
		return // told elsewhere
	}
	for _, m := range legendLabel.FindAllStringSubmatch(t.LegendFormat, -1) {
		if !c.metrics.HasLabel(expr, m[1]) {
			c.report(where, "target-legend", "the result has no label %s for the legend %q", m[1], t.LegendFormat)
		}
	}
}

// query checks one expression. windows are the ranges that rates may use.
func (c *checker) query(where, query string, windows ...time.Duration) {
	expr, err := Parse(query)
	if err != nil {
		c.report(where, "target-promql", "it does not parse: %v", err)
		return
	}
	if c.metrics != nil {
		for _, complaint := range c.metrics.Check(expr) {
			c.report(where, "target-metric", "%s", complaint)
		}
	}
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			c.selector(where, n, path)
		case *parser.Call:
			c.rate(where, n, windows)
		}
		return nil
	})
}

// selector checks one metric: it follows the variables, and a counter is read as
// a rate.
func (c *checker) selector(where string, s *parser.VectorSelector, path []parser.Node) {
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
// watchdog's and the fleet's figures and those of Prometheus and Alertmanager
// have no server.
func mustFollow(metric string) []string {
	switch {
	case strings.HasPrefix(metric, "dbsync:"), strings.HasPrefix(metric, "prometheus_"), strings.HasPrefix(metric, "alertmanager_"):
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
func (c *checker) rate(where string, call *parser.Call, windows []time.Duration) {
	if !slices.Contains(rateFunctions, call.Func.Name) {
		return
	}
	m, ok := call.Args[0].(*parser.MatrixSelector)
	if !ok || !slices.Contains(windows, m.Range) {
		c.report(where, "target-rate-interval", "%s must range over [$__rate_interval], or for one instant over [$__range]", call.Func.Name)
	}
}
