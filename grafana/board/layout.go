// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// gridWidth is the number of columns of Grafana's grid.
const gridWidth = 24

// shelf is panels of one height side by side, sharing the width equally unless
// widths says otherwise.
type shelf struct {
	height int
	widths []int
	panels []dash.Panel
	folded []shelf // what a collapsed row, the only panel, hides
}

// The usual heights: of figures, of graphs and of tables.
const (
	figureHeight = 4
	graphHeight  = 8
)

// figures is a shelf of stats.
func figures(panels ...dash.Panel) shelf { return shelf{height: figureHeight, panels: panels} }

// graphs is a shelf of graphs or tables.
func graphs(panels ...dash.Panel) shelf { return shelf{height: graphHeight, panels: panels} }

// split is a shelf of graphs or tables with widths of their own.
func split(widths []int, panels ...dash.Panel) shelf {
	return shelf{height: graphHeight, widths: widths, panels: panels}
}

// heading is a shelf that holds a row's title.
func heading(id int, title string) shelf {
	return shelf{height: 1, panels: []dash.Panel{row(id, title)}}
}

// folded is a row that asks nothing until the reader opens it.
func folded(id int, title string, shelves ...shelf) shelf {
	r := row(id, title)
	r.Collapsed = true
	return shelf{height: 1, panels: []dash.Panel{r}, folded: shelves}
}

// stack lays shelves out from top to bottom and gives every panel its place.
func stack(shelves ...shelf) []dash.Panel { return stackFrom(0, shelves) }

func stackFrom(y int, shelves []shelf) []dash.Panel {
	var placed []dash.Panel
	for _, s := range shelves {
		x := 0
		for i, p := range s.panels {
			w := s.width(i)
			p.GridPos = dash.GridPos{H: s.height, W: w, X: x, Y: y}
			if p.Collapsed {
				p.Panels = stackFrom(y+s.height, s.folded)
			}
			placed = append(placed, p)
			x += w
		}
		y += s.height
	}
	return placed
}

func (s shelf) width(i int) int {
	if s.widths != nil {
		return s.widths[i]
	}
	return gridWidth / len(s.panels)
}
