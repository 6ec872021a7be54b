// SPDX-License-Identifier: Apache-2.0

package board

import (
	"strconv"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// about is what every panel needs: an id that never changes, a title, a
// description, and what is shown where there is no value.
type about struct {
	id          int
	title       string
	description string
	noValue     string
	alerts      []string        // whose thresholds the panel draws: its head links their runbooks
	links       []dash.DataLink // where a click on a value leads
}

// series is one query of a graph and the name of what it returns.
type series struct {
	expr   string
	legend string
}

// stat shows one current value in large type, on the colour that its
// thresholds or mappings give it.
func stat(a about, unit, expr string, thresholds *dash.Thresholds, mappings []dash.Mapping) dash.Panel {
	p := panel(a, "stat", []dash.Target{instant(expr, 0, "time_series")})
	p.FieldConfig.Defaults.Unit = unit
	p.FieldConfig.Defaults.Thresholds = thresholds
	p.FieldConfig.Defaults.Color = &dash.Color{Mode: "thresholds"}
	if mappings != nil {
		p.FieldConfig.Defaults.Mappings = mappings
	}
	p.Options = dash.StatOptions{
		ColorMode: "background_solid", GraphMode: "none", JustifyMode: "center", Orientation: "auto", TextMode: "value",
		ReduceOptions: dash.ReduceOptions{Calcs: []string{"lastNotNull"}},
	}
	return p
}

// graph draws series over time, with a dashed line at every threshold but the
// base: those lines are where rules alert.
func graph(a about, unit string, thresholds *dash.Thresholds, list ...series) dash.Panel {
	p := panel(a, "timeseries", rangeTargets(list))
	zero := 0.0
	style := dash.GraphStyle{
		DrawStyle: "line", LineInterpolation: "linear", LineWidth: 1, FillOpacity: 8, ShowPoints: "never",
		AxisSoftMin: &zero, ThresholdsStyle: dash.ThresholdsStyle{Mode: "off"},
	}
	if thresholds != nil {
		style.ThresholdsStyle.Mode = "dashed"
	}
	p.FieldConfig.Defaults.Unit = unit
	p.FieldConfig.Defaults.Thresholds = thresholds
	p.FieldConfig.Defaults.Color = &dash.Color{Mode: "palette-classic"} // the by-name one is unknown to Grafana 10.0
	p.FieldConfig.Defaults.Custom = style
	p.Options = dash.GraphOptions{
		Legend: legend("lastNotNull", "max"), Tooltip: dash.Tooltip{Mode: "multi", Sort: "desc"},
	}
	return p
}

// timeline draws the state of every series as a band over time.
func timeline(a about, mappings []dash.Mapping, list ...series) dash.Panel {
	p := panel(a, "state-timeline", rangeTargets(list))
	p.FieldConfig.Defaults.Unit = countUnit
	p.FieldConfig.Defaults.Color = &dash.Color{Mode: "thresholds"}
	p.FieldConfig.Defaults.Thresholds = levels(grey)
	p.FieldConfig.Defaults.Mappings = mappings
	p.FieldConfig.Defaults.Custom = dash.TimelineStyle{FillOpacity: 80}
	p.Options = dash.TimelineOptions{
		AlignValue: "left", MergeValues: true, RowHeight: 0.85, ShowValue: "auto",
		Legend:  dash.Legend{Calcs: []string{}, DisplayMode: "list", Placement: "bottom", ShowLegend: true},
		Tooltip: dash.Tooltip{Mode: "single", Sort: "none"},
	}
	return p
}

// stacked puts the series of a graph on top of each other: they are parts of a
// whole.
func stacked(p dash.Panel) dash.Panel {
	return styled(p, func(style *dash.GraphStyle) {
		style.Stacking = &dash.Stacking{Mode: "normal", Group: "A"}
		style.FillOpacity = 30
	})
}

// stepped draws what changes by events, such as a count, without slopes.
func stepped(p dash.Panel) dash.Panel {
	return styled(p, func(style *dash.GraphStyle) { style.LineInterpolation = "stepAfter" })
}

func styled(p dash.Panel, change func(*dash.GraphStyle)) dash.Panel {
	style := p.FieldConfig.Defaults.Custom.(dash.GraphStyle)
	change(&style)
	p.FieldConfig.Defaults.Custom = style
	return p
}

// upTo ends the scale of a ratio at 1, so that the height of a line tells how
// full something is.
func upTo(limit float64, p dash.Panel) dash.Panel {
	zero := 0.0
	p.FieldConfig.Defaults.Min, p.FieldConfig.Defaults.Max = &zero, &limit
	return p
}

// bars compares current values, one bar per series.
func bars(a about, unit string, thresholds *dash.Thresholds, list ...series) dash.Panel {
	p := panel(a, "bargauge", instantTargets(list))
	p.FieldConfig.Defaults.Unit = unit
	p.FieldConfig.Defaults.Thresholds = thresholds
	p.FieldConfig.Defaults.Color = &dash.Color{Mode: "thresholds"}
	p.Options = dash.BarOptions{
		DisplayMode: "basic", Orientation: "horizontal", ShowUnfilled: true, MinVizHeight: 16, MinVizWidth: 8,
		ReduceOptions: dash.ReduceOptions{Calcs: []string{"lastNotNull"}},
	}
	return p
}

// pie shows how current values share a whole. colors are by legend.
func pie(a about, unit string, colors []named, list ...series) dash.Panel {
	p := panel(a, "piechart", instantTargets(list))
	p.FieldConfig.Defaults.Unit = unit
	p.FieldConfig.Defaults.Color = &dash.Color{Mode: "palette-classic"}
	for _, c := range colors {
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, dash.Override{
			Matcher:    dash.Matcher{ID: "byName", Options: c.name},
			Properties: []dash.Property{{ID: "color", Value: dash.Color{Mode: "fixed", FixedColor: c.color}}},
		})
	}
	p.Options = dash.PieOptions{
		PieType: "donut", DisplayLabels: []string{"name", "value"},
		Legend:        dash.PieLegend{DisplayMode: "table", Placement: "right", ShowLegend: true, Values: []string{"value", "percent"}},
		ReduceOptions: dash.ReduceOptions{Calcs: []string{"lastNotNull"}},
		Tooltip:       dash.Tooltip{Mode: "single", Sort: "none"},
	}
	return p
}

// named is the colour of the series that has the name.
type named struct{ name, color string }

// row is the heading of the panels after it.
func row(id int, title string) dash.Panel {
	return dash.Panel{ID: id, Type: "row", Title: title, Options: map[string]any{}}
}

func panel(a about, kind string, targets []dash.Target) dash.Panel {
	source := dash.Prometheus()
	return dash.Panel{
		ID: a.id, Type: kind, Title: a.title, Description: a.description,
		Datasource: &source, Targets: targets, Links: runbooks(a.alerts),
		FieldConfig: &dash.FieldConfig{
			Defaults:  dash.FieldDefaults{NoValue: a.noValue, Mappings: []dash.Mapping{}, Links: a.links},
			Overrides: []dash.Override{},
		},
	}
}

func instantTargets(list []series) []dash.Target {
	targets := make([]dash.Target, len(list))
	for i, s := range list {
		targets[i] = instant(s.expr, i, "time_series")
		targets[i].LegendFormat = s.legend
	}
	return targets
}

// instant asks for the value now; n is the query's place in its panel.
func instant(expr string, n int, format string) dash.Target {
	t := target(expr, n, format)
	t.Instant = true
	return t
}

func rangeTargets(list []series) []dash.Target {
	targets := make([]dash.Target, len(list))
	for i, s := range list {
		targets[i] = target(s.expr, i, "time_series")
		targets[i].Range = true
		targets[i].LegendFormat = s.legend
	}
	return targets
}

func target(expr string, n int, format string) dash.Target {
	return dash.Target{
		RefID: refID(n), Datasource: dash.Prometheus(), EditorMode: "code", Expr: expr, Format: format,
	}
}

// refID names the queries of a panel A to Z, as Grafana does.
func refID(n int) string {
	if n >= 26 {
		panic("board: a panel has more than 26 queries: " + strconv.Itoa(n+1))
	}
	return string(rune('A' + n))
}
