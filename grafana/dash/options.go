// SPDX-License-Identifier: Apache-2.0

package dash

// StatOptions are the options of a stat panel. Orientation must not be empty:
// Grafana would draw one of several values only.
type StatOptions struct {
	ColorMode     string        `json:"colorMode"`
	GraphMode     string        `json:"graphMode"`
	JustifyMode   string        `json:"justifyMode"`
	Orientation   string        `json:"orientation"`
	TextMode      string        `json:"textMode"`
	ReduceOptions ReduceOptions `json:"reduceOptions"`
}

// ReduceOptions say how a series becomes one value.
type ReduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

// GraphOptions are the options of a timeseries panel.
type GraphOptions struct {
	Legend  Legend  `json:"legend"`
	Tooltip Tooltip `json:"tooltip"`
}

// TimelineOptions are the options of a state-timeline panel.
type TimelineOptions struct {
	AlignValue  string  `json:"alignValue"`
	MergeValues bool    `json:"mergeValues"`
	RowHeight   float64 `json:"rowHeight"`
	ShowValue   string  `json:"showValue"`
	Legend      Legend  `json:"legend"`
	Tooltip     Tooltip `json:"tooltip"`
}

// Legend is the list of series beside or under a graph.
type Legend struct {
	Calcs       []string `json:"calcs"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	SortBy      string   `json:"sortBy,omitempty"` // the title of a calc, such as "Max"
	SortDesc    bool     `json:"sortDesc,omitempty"`
}

// Tooltip is what hovering shows.
type Tooltip struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

// BarOptions are the options of a bargauge panel.
type BarOptions struct {
	DisplayMode   string        `json:"displayMode"`
	Orientation   string        `json:"orientation"`
	ShowUnfilled  bool          `json:"showUnfilled"`
	MinVizHeight  int           `json:"minVizHeight"`
	MinVizWidth   int           `json:"minVizWidth"`
	ReduceOptions ReduceOptions `json:"reduceOptions"`
}

// PieOptions are the options of a piechart panel.
type PieOptions struct {
	PieType       string        `json:"pieType"`
	DisplayLabels []string      `json:"displayLabels"`
	Legend        PieLegend     `json:"legend"`
	ReduceOptions ReduceOptions `json:"reduceOptions"`
	Tooltip       Tooltip       `json:"tooltip"`
}

// PieLegend is the legend of a piechart, which shows values and not calcs.
type PieLegend struct {
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	Values      []string `json:"values"`
}

// TableOptions are the options of a table panel. The line of totals, which is
// elsewhere from Grafana 12.2 on, is not among them.
type TableOptions struct {
	CellHeight string   `json:"cellHeight"`
	ShowHeader bool     `json:"showHeader"`
	SortBy     []SortBy `json:"sortBy"`
}

// SortBy is the column that a table is sorted by at first.
type SortBy struct {
	DisplayName string `json:"displayName"`
	Desc        bool   `json:"desc"`
}

// GraphStyle is how a timeseries panel draws; it is the custom part of its
// field defaults.
type GraphStyle struct {
	DrawStyle         string          `json:"drawStyle"`
	LineInterpolation string          `json:"lineInterpolation"`
	LineWidth         int             `json:"lineWidth"`
	FillOpacity       int             `json:"fillOpacity"`
	ShowPoints        string          `json:"showPoints"`
	SpanNulls         bool            `json:"spanNulls"`
	AxisSoftMin       *float64        `json:"axisSoftMin,omitempty"`
	Stacking          *Stacking       `json:"stacking,omitempty"`
	ThresholdsStyle   ThresholdsStyle `json:"thresholdsStyle"`
}

// Stacking puts series on top of each other. Mode is "normal".
type Stacking struct {
	Mode  string `json:"mode"`
	Group string `json:"group"`
}

// ThresholdsStyle says whether the lines at which rules alert are drawn.
type ThresholdsStyle struct {
	Mode string `json:"mode"`
}

// TimelineStyle is the custom part of a state timeline's field defaults.
type TimelineStyle struct {
	FillOpacity int `json:"fillOpacity"`
	LineWidth   int `json:"lineWidth"`
}

// CellStyle is the custom part of a table's field defaults.
type CellStyle struct {
	Align       string      `json:"align"`
	CellOptions CellOptions `json:"cellOptions"`
	Filterable  bool        `json:"filterable"`
	Inspect     bool        `json:"inspect"`
}

// CellOptions say how a table cell shows its value.
type CellOptions struct {
	Type string `json:"type"` // "auto", "color-text", "color-background"
	Mode string `json:"mode,omitempty"`
}
