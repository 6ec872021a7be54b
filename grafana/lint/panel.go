// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// panelTypes are the panels of Grafana 10 to 13 that this project uses. The
// Angular ones (graph, singlestat, table-old) are gone in 12.
var panelTypes = []string{"row", "stat", "timeseries", "table", "state-timeline", "gauge", "bargauge", "piechart", "barchart", "heatmap", "text"}

// units are the ids of Grafana's value formats in use, from @grafana/data.
var units = []string{
	"none", "short", "percentunit", "s", "ms", "bytes", "Bps", "ops", "rps", "iops", "eps",
	"dateTimeFromNow", "dateTimeAsIso", "dtdurations", "bool_yes_no", "bool_on_off",
}

func name(p dash.Panel) string { return fmt.Sprintf("panel %d %q", p.ID, p.Title) }

// ids checks that links to a panel lead to one panel.
func (c *checker) ids(panels []dash.Panel) {
	ids := map[int]string{}
	for _, p := range panels {
		if p.ID < 1 {
			c.report(name(p), "panel-id", "the id must be 1 or more")
		}
		if other, taken := ids[p.ID]; taken {
			c.report(name(p), "panel-id", "the id is also that of %q", other)
		}
		ids[p.ID] = p.Title
	}
}

// places checks that no panel hides another one. What a collapsed row holds has
// the places that it takes when the row is opened and the rest moves down.
func (c *checker) places(panels []dash.Panel) {
	for i, p := range panels {
		c.places(p.Panels)
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			c.report(name(p), "panel-place", "it does not fit into 24 columns: %+v", g)
		}
		for _, q := range panels[:i] {
			if overlap(g, q.GridPos) {
				c.report(name(p), "panel-place", "it lies over %s", name(q))
			}
		}
	}
}

func overlap(a, b dash.GridPos) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func (c *checker) panel(p dash.Panel) {
	where := name(p)
	if !slices.Contains(panelTypes, p.Type) {
		c.report(where, "panel-type", "type %q is not among %v", p.Type, panelTypes)
	}
	if p.Title == "" {
		c.report(where, "panel-title-description", "it has no title")
	}
	if p.Type == "row" || p.Type == "text" {
		return
	}
	if p.Description == "" {
		c.report(where, "panel-title-description", "it has no description: say what it means and what to do")
	}
	if p.Datasource == nil || *p.Datasource != dash.Prometheus() {
		c.report(where, "panel-datasource", "it must use the data source variable")
	}
	c.look(where, p)
	c.targets(where, p)
	c.columns(where, p)
}

// look checks units and the text that stands where there is no value.
func (c *checker) look(where string, p dash.Panel) {
	if p.FieldConfig == nil {
		c.report(where, "panel-units", "it has no field config, so no unit")
		return
	}
	if p.FieldConfig.Defaults.NoValue == "" {
		c.report(where, "panel-no-value", "it must say why there may be no value")
	}
	if unit := p.FieldConfig.Defaults.Unit; p.Type != "table" && !slices.Contains(units, unit) {
		c.report(where, "panel-units", "unit %q is not among %v", unit, units)
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, prop := range o.Properties {
			if unit, ok := prop.Value.(string); prop.ID == "unit" && (!ok || !slices.Contains(units, unit)) {
				c.report(where, "panel-units", "column %q has unit %v, not among %v", o.Matcher.Options, prop.Value, units)
			}
		}
	}
}

// targets checks the queries of a panel as such; their text is checked apart.
func (c *checker) targets(where string, p dash.Panel) {
	if len(p.Targets) == 0 {
		c.report(where, "panel-no-targets", "it has no query")
	}
	current := p.Type == "stat" || p.Type == "table" || p.Type == "gauge" || p.Type == "bargauge" || p.Type == "piechart"
	refs := map[string]bool{}
	for _, t := range p.Targets {
		if t.RefID == "" || refs[t.RefID] {
			c.report(where, "target-ref-id", "refId %q is empty or used twice", t.RefID)
		}
		refs[t.RefID] = true
		if t.Instant != current || t.Range == current {
			c.report(where, "target-instant", "query %s: a %s asks for one instant: %t", t.RefID, p.Type, current)
		}
		if !current && t.LegendFormat == "" {
			c.report(where, "target-legend", "query %s has no legend", t.RefID)
		}
		if t.Datasource != dash.Prometheus() {
			c.report(where, "panel-datasource", "query %s must use the data source variable", t.RefID)
		}
		windows := []time.Duration{rateInterval}
		if t.Instant {
			windows = append(windows, boardRange)
		}
		c.query(where+" query "+t.RefID, t.Expr, windows...)
		c.legend(where+" query "+t.RefID, t)
	}
}

// columns checks that the labels which a table orders and names are there.
func (c *checker) columns(where string, p dash.Panel) {
	if c.metrics == nil {
		return
	}
	for _, t := range p.Transformations {
		var o dash.Organize
		data, err := json.Marshal(t.Options) // whether it comes from the generator or from JSON
		if t.ID != "organize" || err != nil || json.Unmarshal(data, &o) != nil {
			continue
		}
		for _, column := range slices.Sorted(maps.Keys(o.RenameByName)) {
			if !strings.HasPrefix(column, "Value") && !c.anyHasLabel(p.Targets, column) {
				c.report(where, "table-column", "no query of it gives the label %s", column)
			}
		}
	}
}

func (c *checker) anyHasLabel(targets []dash.Target, label string) bool {
	return slices.ContainsFunc(targets, func(t dash.Target) bool {
		expr, err := Parse(t.Expr)
		return err != nil || c.metrics.HasLabel(expr, label) // what does not parse is told elsewhere
	})
}

// panelURLs lists the links that a panel offers.
func panelURLs(p dash.Panel) []string {
	var urls []string
	for _, l := range p.Links {
		urls = append(urls, l.URL)
	}
	if p.FieldConfig == nil {
		return urls
	}
	for _, l := range p.FieldConfig.Defaults.Links {
		urls = append(urls, l.URL)
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, prop := range o.Properties {
			if prop.ID == "links" {
				urls = append(urls, dataLinkURLs(prop.Value)...)
			}
		}
	}
	return urls
}

// dataLinkURLs reads links whether they come from the generator or from JSON.
func dataLinkURLs(value any) []string {
	var links []dash.DataLink
	data, err := json.Marshal(value)
	if err != nil || json.Unmarshal(data, &links) != nil {
		return nil
	}
	urls := make([]string, len(links))
	for i, l := range links {
		urls[i] = l.URL
	}
	return urls
}
