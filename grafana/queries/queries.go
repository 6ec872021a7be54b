// SPDX-License-Identifier: Apache-2.0

// Package queries asks Prometheus what the boards ask, as Grafana would: with the
// variables filled in, and with the step and the rate interval that follow from
// the time range.
package queries

import (
	"fmt"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// Query is one question of a board.
type Query struct {
	Board      string // its uid
	Panel      int    // its id; 0 for an annotation
	Title      string // of the panel or annotation
	Ref        string // the query's letter; empty for an annotation
	Expr       string // variables still in place
	Instant    bool
	Annotation bool
	Folded     bool // asked only when the reader opens a row
}

func (q Query) String() string {
	if q.Annotation {
		return fmt.Sprintf("%s annotation %q", q.Board, q.Title)
	}
	return fmt.Sprintf("%s/%d/%s %q", q.Board, q.Panel, q.Ref, q.Title)
}

// Of lists what a board asks, its variables' look-ups left out.
func Of(d dash.Dashboard) []Query {
	var all []Query
	for _, p := range d.Panels {
		all = append(all, ofPanel(d.UID, p, false)...)
		for _, inside := range p.Panels {
			all = append(all, ofPanel(d.UID, inside, p.Collapsed)...)
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, Query{Board: d.UID, Title: a.Name, Expr: a.Expr, Annotation: true})
	}
	return all
}

func ofPanel(board string, p dash.Panel, folded bool) []Query {
	all := make([]Query, len(p.Targets))
	for i, t := range p.Targets {
		all[i] = Query{
			Board: board, Panel: p.ID, Title: p.Title, Ref: t.RefID, Expr: t.Expr, Instant: t.Instant, Folded: folded,
		}
	}
	return all
}
