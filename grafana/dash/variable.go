// SPDX-License-Identifier: Apache-2.0

package dash

// All is the value behind "All" in a query variable: at least one character,
// so that a series without the label is not taken for a match.
const All = ".+"

// DataSource names where a query goes.
type DataSource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Prometheus is the data source that the reader picked in the bar.
func Prometheus() DataSource {
	return DataSource{Type: "prometheus", UID: "${datasource}"}
}

// Templating holds the variables in the bar.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a data source or query variable. Fields that only one of the two
// kinds has are left out of the other's JSON.
type Variable struct {
	Name       string         `json:"name"`
	Label      string         `json:"label"`
	Type       string         `json:"type"`
	Datasource *DataSource    `json:"datasource,omitempty"`
	Definition string         `json:"definition,omitempty"`
	Query      any            `json:"query"` // a string for a data source, VariableQuery otherwise
	Current    VariableChoice `json:"current"`
	Hide       int            `json:"hide"`
	Refresh    int            `json:"refresh"` // 1: on load, 2: when the time range changes
	Sort       int            `json:"sort,omitempty"`
	Multi      bool           `json:"multi"`
	IncludeAll bool           `json:"includeAll"`
	AllValue   string         `json:"allValue,omitempty"`
	Regex      string         `json:"regex"`
	Options    []string       `json:"options"`
}

// VariableQuery is how Grafana's Prometheus plugin stores a variable's query.
type VariableQuery struct {
	Query string `json:"query"`
	RefID string `json:"refId"`
}

// VariableChoice is the value a variable has before anybody picks one.
type VariableChoice struct {
	Selected bool `json:"selected"`
	Text     any  `json:"text"`
	Value    any  `json:"value"`
}

// DataSourceVariable lets the reader pick a Prometheus. Its current value names
// Grafana's default source; left empty, Grafana would take the first by name.
func DataSourceVariable(label string) Variable {
	return Variable{
		Name: "datasource", Label: label, Type: "datasource", Query: "prometheus",
		Current: VariableChoice{Text: "default", Value: "default"},
		Refresh: 1, Options: []string{},
	}
}

// LabelVariable lets the reader pick values of a label. It is asked of a metric
// that has one series per target: a look-up over more would cost more than the
// panels.
func LabelVariable(name, label, labelValues string) Variable {
	source := Prometheus()
	return Variable{
		Name: name, Label: label, Type: "query", Datasource: &source,
		Definition: labelValues,
		Query:      VariableQuery{Query: labelValues, RefID: "StandardVariableQuery"},
		Current:    VariableChoice{Text: []string{"All"}, Value: []string{"$__all"}},
		Refresh:    2, Sort: 1, Multi: true, IncludeAll: true, AllValue: All,
		Options: []string{},
	}
}
