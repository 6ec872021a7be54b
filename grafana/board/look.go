// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Okabe and Ito's colours: distinct under the common kinds of colour blindness
// and readable on Grafana's dark and light themes.
const (
	green     = "#009E73"
	blue      = "#0072B2"
	orange    = "#E69F00"
	vermilion = "#D55E00"
	purple    = "#CC79A7"
	grey      = "#8E8E8E"
)

// Units, by Grafana's ids.
const (
	ratioUnit   = "percentunit"
	secondsUnit = "s"
	bytesUnit   = "bytes"
	countUnit   = "none"
	shortUnit   = "short"
	opsUnit     = "ops"
	eventsUnit  = "eps"
	rpsUnit     = "rps"
	iopsUnit    = "iops"
	rateUnit    = "Bps"
	agoUnit     = "dateTimeFromNow" // wants milliseconds
)

// level is a threshold and the colour from it upward.
type level struct {
	from  float64
	color string
}

// levels builds thresholds that begin with a base colour.
func levels(base string, above ...level) *dash.Thresholds {
	steps := []dash.Step{{Color: base}}
	for _, l := range above {
		steps = append(steps, dash.Step{Color: l.color, Value: &l.from})
	}
	return &dash.Thresholds{Mode: "absolute", Steps: steps}
}

// state is a text and a colour for a value.
type state struct {
	value, text, color string
}

// states builds the mapping from values to texts, in the order given.
func states(list ...state) []dash.Mapping {
	options := make(map[string]dash.MappingResult, len(list))
	for i, s := range list {
		options[s.value] = dash.MappingResult{Text: s.text, Color: s.color, Index: i}
	}
	return []dash.Mapping{{Type: "value", Options: options}}
}

// legend lists the series under a graph with the figures that calcs name, the
// highest first.
func legend(calcs ...string) dash.Legend {
	return dash.Legend{
		Calcs: calcs, DisplayMode: "table", Placement: "bottom", ShowLegend: true, SortBy: "Max", SortDesc: true,
	}
}
