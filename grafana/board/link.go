// SPDX-License-Identifier: Apache-2.0

package board

import (
	"strings"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// Where the runbooks are: their list, and the page of an alert as the rules'
// runbook_url has it.
const (
	runbooksURL = "https://github.com/easy-erp/dbsync/tree/main/docs/runbooks"
	runbookURL  = "https://github.com/easy-erp/dbsync/blob/main/docs/runbooks/"
)

// runbooks are the pages of alerts, named after them as runbook_url names them.
func runbooks(alerts []string) []dash.DataLink {
	var links []dash.DataLink
	for _, name := range alerts {
		links = append(links, dash.DataLink{
			Title: name, URL: runbookURL + strings.ToLower(name) + ".md", TargetBlank: true,
		})
	}
	return links
}

// kept is what a link to another board hands on: the data source and the time.
const kept = "&${datasource:queryparam}&${__url_time_range}"

// onBoard leads from a panel to another board, the same servers picked.
func onBoard(uid, title string) []dash.DataLink {
	return []dash.DataLink{{Title: title, URL: "/d/" + uid + "?${instance:queryparam}&${job:queryparam}" + kept}}
}

// ofInstance leads from a server's name in a table to boards that show it alone.
// In a graph or timeline the name is a label of the series, see ofSeries.
func ofInstance(l Lang, uids ...string) []dash.DataLink {
	return instanceLinks(l, "${__value.text}", uids)
}

// ofSeries leads from a series of a graph to boards that show its server alone.
func ofSeries(l Lang, uids ...string) []dash.DataLink {
	return instanceLinks(l, "${__field.labels.instance}", uids)
}

func instanceLinks(l Lang, instance string, uids []string) []dash.DataLink {
	links := make([]dash.DataLink, len(uids))
	for i, uid := range uids {
		links[i] = dash.DataLink{
			Title: l.T("This server: ", "该实例：") + title(l, uid),
			URL:   "/d/" + uid + "?var-instance=" + instance + kept,
		}
	}
	return links
}
