// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// uidPattern is what Grafana accepts, with the project's name in front: uids
// clash across products that share a Grafana.
var uidPattern = regexp.MustCompile(`^dbsync-[a-z0-9-]{1,33}$`)

func (c *checker) board(d dash.Dashboard) {
	if !uidPattern.MatchString(d.UID) {
		c.report("", "uid", "the uid must be dbsync-NAME in lower case, at most 40 characters")
	}
	if !strings.HasPrefix(d.Title, "dbsync ") {
		c.report("", "title", "the title %q must begin with the product's name", d.Title)
	}
	if d.Description == "" {
		c.report("", "description", "the dashboard has no description")
	}
	if d.SchemaVersion != dash.SchemaVersion {
		c.report("", "schema-version", "schemaVersion is %d, must be %d", d.SchemaVersion, dash.SchemaVersion)
	}
	if d.Editable {
		c.report("", "uneditable", "editable must be false: edits of a provisioned dashboard are lost")
	}
	if d.GraphTooltip != 1 {
		c.report("", "crosshair", "graphTooltip must be 1, one crosshair over all panels")
	}
}

// variables checks the bar: one data source, then job and instance.
func (c *checker) variables(list []dash.Variable) {
	found := map[string]dash.Variable{}
	for _, v := range list {
		found[v.Name] = v
		if v.Label == "" {
			c.report("variable "+v.Name, "variable-label", "a variable needs a label that people can read")
		}
	}
	c.dataSourceVariable(found["datasource"])
	for _, name := range []string{"job", "instance"} {
		c.queryVariable(name, found[name])
	}
}

func (c *checker) dataSourceVariable(v dash.Variable) {
	where := "variable datasource"
	if v.Type != "datasource" || v.Query != "prometheus" {
		c.report(where, "template-datasource", "there must be a variable datasource of type datasource for prometheus")
	}
	if v.Current.Value != "default" || v.Refresh != 1 {
		c.report(where, "template-datasource",
			"current must be default and refresh 1: otherwise Grafana opens with the first source by name")
	}
}

// onePerTarget are the metrics whose labels cost next to nothing to ask for.
var onePerTarget = []string{"mysql_up", "node_boot_time_seconds"}

var labelValues = regexp.MustCompile(`^label_values\((\w+)`)

func (c *checker) queryVariable(name string, v dash.Variable) {
	where := "variable " + name
	if v.Type != "query" {
		c.report(where, "template-"+name, "there must be a query variable %s", name)
		return
	}
	if !v.Multi || !v.IncludeAll || v.AllValue != dash.All {
		c.report(where, "template-"+name, "it must be multi, include All, and have allValue %q", dash.All)
	}
	if v.Refresh != 2 {
		c.report(where, "template-on-time-change-reload", "refresh must be 2, on a change of the time range")
	}
	asked := labelValues.FindStringSubmatch(v.Definition)
	if asked == nil || !slices.Contains(onePerTarget, asked[1]) {
		c.report(where, "template-cheap", "it must ask for label_values of one of %v, which have one series per target", onePerTarget)
	}
	if v.Datasource == nil || *v.Datasource != dash.Prometheus() {
		c.report(where, "template-datasource", "it must use the data source variable")
	}
}

// boardLink finds the uid in a link to a dashboard.
var boardLink = regexp.MustCompile(`/d/([^/?]+)`)

// deadLinks reports links to dashboards that are not in the set.
func deadLinks(d dash.Dashboard, seen map[string]string) []Problem {
	var problems []Problem
	check := func(where, url string) {
		m := boardLink.FindStringSubmatch(url)
		if m != nil && seen["uid "+m[1]] == "" {
			problems = append(problems, Problem{d.UID, where, "dead-link", "links to dashboard " + m[1] + ", which does not exist"})
		}
	}
	for _, l := range d.Links {
		check("link "+l.Title, l.URL)
	}
	for _, p := range d.AllPanels() {
		for _, url := range panelURLs(p) {
			check(name(p), url)
		}
	}
	return problems
}
