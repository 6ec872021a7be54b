// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// column is one column of a table. One with an expr shows that query's value;
// one without shows the label of its name.
type column struct {
	label      string // of a label column
	expr       string // of a value column
	title      string
	unit       string
	thresholds *dash.Thresholds
	mappings   []dash.Mapping
	links      []dash.DataLink
	hidden     bool // asked for the labels it carries, not for its value
}

// table joins the current values of several queries into one line per set of
// labels. All queries must return the same labels, save one that adds some.
func table(a about, sort dash.SortBy, columns ...column) dash.Panel {
	p := panel(a, "table", tableTargets(columns))
	p.FieldConfig.Defaults.Custom = dash.CellStyle{
		Align: "auto", CellOptions: dash.CellOptions{Type: "auto"}, Filterable: true,
	}
	p.FieldConfig.Defaults.Color = &dash.Color{Mode: "thresholds"}
	p.FieldConfig.Defaults.Thresholds = levels("text")
	p.FieldConfig.Overrides = overrides(columns)
	p.Transformations = []dash.Transformation{
		{ID: "merge", Options: map[string]any{}},
		{ID: "organize", Options: organize(columns)},
	}
	p.Options = dash.TableOptions{
		CellHeight: "sm", ShowHeader: true,
		SortBy: []dash.SortBy{sort},
	}
	return p
}

func tableTargets(columns []column) []dash.Target {
	var targets []dash.Target
	for _, c := range columns {
		if c.expr != "" {
			targets = append(targets, instant(c.expr, len(targets), "table"))
		}
	}
	return targets
}

// fields names the columns as the merge transformation does: by label, or
// "Value #A" when there are several queries and "Value" when there is one.
func fields(columns []column) []string {
	names := make([]string, len(columns))
	queries := len(tableTargets(columns))
	n := 0
	for i, c := range columns {
		names[i] = c.label
		if c.expr == "" {
			continue
		}
		names[i] = "Value"
		if queries > 1 {
			names[i] = "Value #" + refID(n)
		}
		n++
	}
	return names
}

func organize(columns []column) dash.Organize {
	o := dash.Organize{
		ExcludeByName: map[string]bool{"Time": true, "__name__": true},
		IndexByName:   map[string]int{},
		RenameByName:  map[string]string{},
	}
	for i, name := range fields(columns) {
		if columns[i].hidden {
			o.ExcludeByName[name] = true
			continue
		}
		o.IndexByName[name] = i
		o.RenameByName[name] = columns[i].title
	}
	return o
}

// overrides match by title: they are applied after the columns are renamed.
func overrides(columns []column) []dash.Override {
	list := []dash.Override{}
	for _, c := range columns {
		if props := properties(c); len(props) > 0 {
			list = append(list, dash.Override{
				Matcher: dash.Matcher{ID: "byName", Options: c.title}, Properties: props,
			})
		}
	}
	return list
}

func properties(c column) []dash.Property {
	var props []dash.Property
	if c.unit != "" {
		props = append(props, dash.Property{ID: "unit", Value: c.unit})
	}
	if c.thresholds != nil {
		props = append(props, dash.Property{ID: "thresholds", Value: c.thresholds})
	}
	if c.mappings != nil {
		props = append(props, dash.Property{ID: "mappings", Value: c.mappings})
	}
	if c.thresholds != nil || c.mappings != nil {
		props = append(props, dash.Property{ID: "custom.cellOptions", Value: dash.CellOptions{Type: "color-text"}})
	}
	if c.links != nil {
		props = append(props, dash.Property{ID: "links", Value: c.links})
	}
	return props
}

// descending sorts a table by a column, the largest first.
func descending(title string) dash.SortBy { return dash.SortBy{DisplayName: title, Desc: true} }

// ascending sorts a table by a column, the smallest first.
func ascending(title string) dash.SortBy { return dash.SortBy{DisplayName: title} }
