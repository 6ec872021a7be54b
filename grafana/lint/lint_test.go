// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/dash"
	"github.com/easy-erp/dbsync/grafana/lint"
)

// TestEveryRuleBites breaks a sound dashboard in one way at a time and expects
// exactly the rule that is about it.
func TestEveryRuleBites(t *testing.T) {
	for _, tc := range []struct {
		rule     string
		sabotage func(*dash.Dashboard)
	}{
		{"uid", func(d *dash.Dashboard) { d.UID = "overview" }},
		{"title", func(d *dash.Dashboard) { d.Title = "Overview" }},
		{"description", func(d *dash.Dashboard) { d.Description = "" }},
		{"schema-version", func(d *dash.Dashboard) { d.SchemaVersion = 42 }},
		{"uneditable", func(d *dash.Dashboard) { d.Editable = true }},
		{"crosshair", func(d *dash.Dashboard) { d.GraphTooltip = 0 }},
		{"variable-label", func(d *dash.Dashboard) { d.Templating.List[1].Label = "" }},
		{"template-datasource", func(d *dash.Dashboard) { d.Templating.List[0].Refresh = 0 }},
		{"template-job", func(d *dash.Dashboard) { d.Templating.List[1].AllValue = ".*" }},
		{"template-instance", func(d *dash.Dashboard) { d.Templating.List[2].Multi = false }},
		{"template-on-time-change-reload", func(d *dash.Dashboard) { d.Templating.List[2].Refresh = 1 }},
		{"template-cheap", func(d *dash.Dashboard) { d.Templating.List[2].Definition = "label_values(instance)" }},
		{"panel-id", func(d *dash.Dashboard) { d.Panels[1].ID = d.Panels[0].ID }},
		{"panel-place", func(d *dash.Dashboard) { d.Panels[1].GridPos = d.Panels[0].GridPos }},
		{"panel-place", func(d *dash.Dashboard) {
			inside := d.Panels[:2]
			inside[1].GridPos = inside[0].GridPos
			d.Panels = append(slices.Clone(d.Panels[2:]), dash.Panel{
				ID: 999, Type: "row", Title: "Row", Collapsed: true, GridPos: dash.GridPos{H: 1, W: 24, Y: 500}, Panels: slices.Clone(inside),
			})
		}},
		{"panel-type", func(d *dash.Dashboard) { first(d, "timeseries").Type = "graph" }},
		{"panel-title-description", func(d *dash.Dashboard) { d.Panels[0].Description = "" }},
		{"panel-datasource", func(d *dash.Dashboard) { d.Panels[0].Targets[0].Datasource.UID = "${DS_PROMETHEUS}" }},
		{"panel-no-value", func(d *dash.Dashboard) { d.Panels[0].FieldConfig.Defaults.NoValue = "" }},
		{"panel-units", func(d *dash.Dashboard) { d.Panels[0].FieldConfig.Defaults.Unit = "seconds" }},
		{"panel-no-targets", func(d *dash.Dashboard) { d.Panels[0].Targets = nil }},
		{"table-column", func(d *dash.Dashboard) {
			first(d, "table").Transformations[1].Options = dash.Organize{RenameByName: map[string]string{"Value #A": "A", "no_such_label": "B"}}
		}},
		{"target-ref-id", func(d *dash.Dashboard) { d.Panels[0].Targets[0].RefID = "" }},
		{"target-instant", func(d *dash.Dashboard) { d.Panels[0].Targets[0].Instant = false }},
		{"target-legend", func(d *dash.Dashboard) { first(d, "timeseries").Targets[0].LegendFormat = "" }},
		{"target-legend", func(d *dash.Dashboard) { first(d, "timeseries").Targets[0].LegendFormat = "{{no_such_label}}" }},
		{"target-promql", expr("sum(")},
		{"target-job", expr(`up{instance=~"$instance"} / on () prometheus_tsdb_head_series`)},
		{"target-metric", expr(`no_such_metric{job=~"$job",instance=~"$instance"}`)},
		{"target-job", expr(`mysql_up{instance=~"$instance"}`)},
		{"target-instance", expr(`mysql_up{job=~"$job",instance="$instance"}`)},
		{"target-counter-agg", expr(`x_total{job=~"$job",instance=~"$instance"}`)},
		{"target-rate-interval", expr(`rate(x_total{job=~"$job",instance=~"$instance"}[5m])`)},
		{"target-rate-interval", func(d *dash.Dashboard) {
			first(d, "timeseries").Targets[0].Expr = `increase(x_total{job=~"$job",instance=~"$instance"}[$__range])`
		}},
		{"annotation-interval", func(d *dash.Dashboard) {
			d.Annotations.List[0].Expr = `changes(mysql_up{job=~"$job",instance=~"$instance"}[$__rate_interval])`
		}},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			d := board.Overview(board.English)
			tc.sabotage(&d)
			if got := ruleNames(lint.Check(d, exists{})); !slices.Equal(got, []string{tc.rule}) {
				t.Errorf("rules that spoke up: %q, want only %q", got, tc.rule)
			}
		})
	}
}

func TestSoundBoardHasNoProblem(t *testing.T) {
	for _, p := range lint.Check(board.Overview(board.English), exists{}) {
		t.Error(p)
	}
}

func TestBoardsTogether(t *testing.T) {
	all := board.All(board.English)
	if p := lint.CheckTogether(all); len(p) != 0 {
		t.Errorf("the shipped boards: %v", p)
	}
	if got := ruleNames(lint.CheckTogether(append(all, all[0]))); !slices.Equal(got, []string{"unique-board"}) {
		t.Errorf("the same board twice: %q", got)
	}
	all[0].Links[0].URL = "/d/dbsync-nowhere"
	if got := ruleNames(lint.CheckTogether(all)); !slices.Equal(got, []string{"dead-link"}) {
		t.Errorf("a link to nowhere: %q", got)
	}
}

// exists stands for the catalogue: of the metrics no_such_metric is missing, of
// the labels no_such_label.
type exists struct{}

func (exists) Check(expr parser.Expr) []string {
	if strings.Contains(expr.String(), "no_such_metric") {
		return []string{"no collector declares no_such_metric"}
	}
	return nil
}

func (exists) HasLabel(_ parser.Expr, label string) bool { return label != "no_such_label" }

// expr replaces the first panel's query.
func expr(query string) func(*dash.Dashboard) {
	return func(d *dash.Dashboard) { d.Panels[0].Targets[0].Expr = query }
}

// first finds a panel of a type.
func first(d *dash.Dashboard, kind string) *dash.Panel {
	i := slices.IndexFunc(d.Panels, func(p dash.Panel) bool { return p.Type == kind })
	return &d.Panels[i]
}

// ruleNames lists the rules of the problems, each once.
func ruleNames(problems []lint.Problem) []string {
	var names []string
	for _, p := range problems {
		if !slices.Contains(names, p.Rule) {
			names = append(names, p.Rule)
		}
	}
	return names
}
