// SPDX-License-Identifier: Apache-2.0

package customrules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
)

// The values that the shipped routes and dashboards know.
var (
	Severities = []string{"critical", "warning", "info"}
	Components = []string{"migration", "backup", "mysql", "host", "app", "monitoring"}
)

var (
	ruleID    = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	camelCase = regexp.MustCompile(`^([A-Z][a-zA-Z0-9]*)+$`)
	wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])`)
)

// ID is the rule_id that an alert's name gives: OrderBacklogHigh is
// order_backlog_high.
func ID(alert string) string {
	return strings.ToLower(wordStart.ReplaceAllString(alert, "${1}${3}_${2}${4}"))
}

// Lint holds a rule against what the shipped ones keep to. An error is what
// would be routed, acknowledged or counted wrongly.
func Lint(r rulefmt.Rule, shipped []rulefile.Rule) error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if !camelCase.MatchString(r.Alert) {
		say("the name %q is not CamelCase, such as OrderBacklogHigh", r.Alert)
	}
	if !slices.Contains(Severities, r.Labels["severity"]) {
		say("severity %q is none of %s: no route knows it", r.Labels["severity"], strings.Join(Severities, ", "))
	}
	if !slices.Contains(Components, r.Labels["component"]) {
		say("component %q is none of %s", r.Labels["component"], strings.Join(Components, ", "))
	}
	if !ruleID.MatchString(r.Labels["rule_id"]) {
		say("rule_id %q is not snake_case", r.Labels["rule_id"])
	}
	for name, value := range r.Labels {
		if strings.Contains(value, "{{") {
			say("label %s is a template: a changing value makes a new alert each time; put it into the description", name)
		}
	}
	if r.Annotations["summary"] == "" || strings.Contains(r.Annotations["summary"], "{{") {
		say("the summary must be a sentence without a template: what changes belongs into the description")
	}
	for _, s := range shipped {
		if s.Alert != "" && (s.Alert == r.Alert || s.Labels["rule_id"] == r.Labels["rule_id"]) {
			say("%s (%s) is a shipped rule: give yours another name, or change that one with `rule render --values`", s.Alert, s.Labels["rule_id"])
			break
		}
	}
	return errors.Join(wrong...)
}

// shortest is a range that holds four samples at the longest scrape interval
// that is supported.
const shortest = 4 * time.Minute

// Advice tells what may be meant, but often is not.
func Advice(r rulefmt.Rule, metrics catalogue.Metrics) ([]string, error) {
	expr, err := rulefile.Parser().ParseExpr(r.Expr)
	if err != nil {
		return nil, err
	}
	var notes []string
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.MatrixSelector:
			if n.Range < shortest {
				notes = append(notes, fmt.Sprintf("%s: at a scrape interval of a minute this range loses its samples with one missed scrape; use 4m or more", n))
			}
		case *parser.VectorSelector:
			if n.Name == "" {
				return nil
			}
			if _, known := metrics.Labels(n.Name); !known {
				notes = append(notes, fmt.Sprintf("%s is no metric of dbsync's or of its rules: make sure that Prometheus has it (dbsyncctl query %s)", n.Name, n.Name))
			}
			if r.KeepFiringFor == 0 && !strings.Contains(n.Name, ":") && !ranged(path) {
				notes = append(notes, fmt.Sprintf("a missed scrape of %s ends the alert and begins it anew: read it as last_over_time(%s[4m]), or give --keep-firing-for", n.Name, n.Name))
			}
		}
		return nil
	})
	slices.Sort(notes)
	return slices.Compact(notes), nil
}

func ranged(path []parser.Node) bool {
	if len(path) == 0 {
		return false
	}
	_, ok := path[len(path)-1].(*parser.MatrixSelector)
	return ok
}
