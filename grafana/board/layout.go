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
}

// stack lays shelves out from top to bottom and gives every panel its place.
func stack(shelves ...shelf) []dash.Panel {
	var placed []dash.Panel
	y := 0
	for _, s := range shelves {
		x := 0
		for i, p := range s.panels {
			w := s.width(i)
			p.GridPos = dash.GridPos{H: s.height, W: w, X: x, Y: y}
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

// heading is a shelf that holds a row's title.
func heading(id int, title string) shelf {
	return shelf{height: 1, panels: []dash.Panel{row(id, title)}}
}
