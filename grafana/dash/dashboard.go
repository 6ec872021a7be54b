// SPDX-License-Identifier: Apache-2.0

package dash

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// SchemaVersion is what every dashboard declares: known to Grafana 10, and
// migrated without loss by later ones.
const SchemaVersion = 39

// Dashboard is one classic dashboard.
type Dashboard struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"` // 1: one crosshair over all panels
	Refresh       string      `json:"refresh"`
	SchemaVersion int         `json:"schemaVersion"`
	Time          TimeRange   `json:"time"`
	Timezone      string      `json:"timezone"`
	Links         []Link      `json:"links"`
	Annotations   Annotations `json:"annotations"`
	Templating    Templating  `json:"templating"`
	Panels        []Panel     `json:"panels"`
}

// TimeRange is the range a dashboard opens with, such as now-3h to now.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Link is an entry of the bar under a dashboard's title.
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"` // "dashboards" (by tag) or "link" (URL)
	Icon        string   `json:"icon"`
	Tags        []string `json:"tags"`
	URL         string   `json:"url"`
	Tooltip     string   `json:"tooltip"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	TargetBlank bool     `json:"targetBlank"`
}

// Annotations are the queries whose results are drawn over every graph.
type Annotations struct {
	List []Annotation `json:"list"`
}

// Annotation is one such query; the reader can switch it off.
type Annotation struct {
	Name        string     `json:"name"`
	Datasource  DataSource `json:"datasource"`
	Enable      bool       `json:"enable"`
	Hide        bool       `json:"hide"`
	IconColor   string     `json:"iconColor"`
	Expr        string     `json:"expr"`
	Step        string     `json:"step"`
	TitleFormat string     `json:"titleFormat"`
	TextFormat  string     `json:"textFormat"`
	TagKeys     string     `json:"tagKeys"`
}

// AllPanels lists the panels of d, those inside collapsed rows included.
func (d Dashboard) AllPanels() []Panel {
	var all []Panel
	for _, p := range d.Panels {
		all = append(all, p)
		all = append(all, p.Panels...)
	}
	return all
}

// Encode gives the bytes that are committed: indented, without HTML escapes
// (queries are full of < and >), ending in a newline.
func (d Dashboard) Encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	return out.Bytes(), nil
}

// Decode reads a dashboard and refuses fields that this package does not know:
// a committed file holds nothing that the generator could not have written.
func Decode(data []byte) (Dashboard, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d Dashboard
	if err := dec.Decode(&d); err != nil {
		return Dashboard{}, fmt.Errorf("not a dashboard of this project: %w", err)
	}
	return d, nil
}
