// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// The picture is a row of panels, one for each dimension: scrape times above,
// numbers of series below. Sizes are steps of equal width.
const (
	panelWidth, panelHeight = 210, 130
	panelGap, panelTop      = 36, 48
	plotMargin              = 40
)

// colors of the servers, told apart by people who see no red or green.
var colors = map[string]string{"mariadb": "#0072b2", "mysql": "#d55e00"}

// plot writes the picture.
func plot(b *bytes.Buffer, curves []curve) {
	panels := byDimension(curves)
	width := plotMargin + len(panels)*(panelWidth+panelGap)
	height := panelTop + 2*(panelHeight+panelGap) + 24
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", width, height)
	b.WriteString("<!-- SPDX-License-Identifier: Apache-2.0; made by go run ./internal/bench -growth -docs docs -->\n")
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(b, `<text x="%d" y="18" font-size="13">A scrape of everything: time in ms, p99 solid and p50 dashed (above), number of series (below); `+
		`<tspan fill="%s">MariaDB</tspan>, <tspan fill="%s">MySQL</tspan></text>`+"\n", plotMargin, colors["mariadb"], colors["mysql"])
	for i, panel := range panels {
		x := plotMargin + i*(panelWidth+panelGap)
		fmt.Fprintf(b, `<text x="%d" y="40" font-weight="bold">%s</text>`+"\n", x, panel[0].dimension)
		times := axis{x: x, y: panelTop, top: niceTop(panel, func(p point) float64 { return p.p99 })}
		times.draw(b, panel[0].points)
		series := axis{x: x, y: panelTop + panelHeight + panelGap, top: niceTop(panel, func(p point) float64 { return float64(p.series) })}
		series.draw(b, panel[0].points)
		for _, c := range panel {
			times.line(b, c, "", func(p point) float64 { return p.p99 })
			times.line(b, c, "4 3", func(p point) float64 { return p.p50 })
			series.line(b, c, "", func(p point) float64 { return float64(p.series) })
		}
	}
	b.WriteString("</svg>\n")
}

// byDimension groups curves in their order.
func byDimension(curves []curve) (panels [][]curve) {
	for i, c := range curves {
		if i == 0 || curves[i-1].dimension != c.dimension {
			panels = append(panels, nil)
		}
		panels[len(panels)-1] = append(panels[len(panels)-1], c)
	}
	return panels
}

// axis is a plot whose upper left corner lies at x and y and that shows values
// from 0 to top.
type axis struct {
	x, y int
	top  float64
}

func (a axis) draw(b *bytes.Buffer, points []point) {
	for _, share := range []float64{0, 0.5, 1} {
		y := a.height(a.top * share)
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end" fill="#555">%g</text>`+"\n",
			a.x, y, a.x+panelWidth, y, a.x-4, y+4, a.top*share)
	}
	for i, p := range points {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%d</text>`+"\n", a.step(i, len(points)), a.y+panelHeight+15, p.size)
	}
}

func (a axis) line(b *bytes.Buffer, c curve, dashes string, value func(point) float64) {
	var at []string
	for i, p := range c.points {
		at = append(at, fmt.Sprintf("%.1f,%.1f", a.step(i, len(c.points)), a.height(value(p))))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.8" stroke-dasharray="%s"/>`+"\n",
		strings.Join(at, " "), colors[c.server], dashes)
}

func (a axis) step(i, n int) float64 {
	return float64(a.x) + (float64(i)+0.5)*panelWidth/float64(n)
}

func (a axis) height(value float64) float64 {
	return float64(a.y) + panelHeight*(1-value/a.top)
}

// niceTop is a round number above all values.
func niceTop(panel []curve, value func(point) float64) float64 {
	most := 1.0
	for _, c := range panel {
		for _, p := range c.points {
			most = max(most, value(p))
		}
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, factor := range []float64{1, 2, 4, 5, 10} {
		if most <= factor*unit {
			return factor * unit
		}
	}
	return 10 * unit
}
