// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/easy-erp/dbsync/internal/stack/view"
)

// Measures of a character cell and of the frame around all, in pixels.
const (
	cellWidth, cellHeight = 7.8, 18
	margin                = 16
)

// look returns the class of a style, and what it stands for.
func look(style view.Style) (class, css string) {
	switch style {
	case view.Title:
		return "t", "fill:#ffffff;font-weight:bold"
	case view.Bad:
		return "b", "fill:#ff7b72;font-weight:bold"
	case view.Warn:
		return "w", "fill:#e3b341"
	case view.Good:
		return "g", "fill:#56d364"
	case view.Faint:
		return "f", "fill:#8b949e"
	}
	return "p", "fill:#e6edf3"
}

// draw writes lines as a picture of a terminal. Each part has its place and its width, whatever font the reader has.
func draw(lines []view.Line, columns int) string {
	var svg strings.Builder
	w, h := int(float64(columns)*cellWidth)+2*margin, len(lines)*cellHeight+2*margin
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" xml:space="preserve">`+"\n", w, h, w, h)
	svg.WriteString("<!-- Drawn from a run: go run ./internal/tools/picture docs/images/up.svg -->\n")
	svg.WriteString("<title>dbsyncctl up: a release failed, its alert is firing, mail, Slack and webhook were delivered</title>\n<style>\n")
	svg.WriteString("text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}\n")
	for _, style := range []view.Style{view.Plain, view.Title, view.Bad, view.Warn, view.Good, view.Faint} {
		class, css := look(style)
		fmt.Fprintf(&svg, ".%s{%s}\n", class, css)
	}
	fmt.Fprintf(&svg, "</style>\n<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#0d1117\"/>\n", w, h)
	for i, line := range lines {
		drawLine(&svg, line, margin+i*cellHeight+cellHeight*3/4)
	}
	svg.WriteString("</svg>\n")
	return svg.String()
}

func drawLine(svg *strings.Builder, line view.Line, y int) {
	column := 0
	for _, span := range line {
		length := len([]rune(span.Text))
		text := strings.TrimLeft(span.Text, " ")
		start := column + length - len([]rune(text))
		column += length
		text = strings.TrimRight(text, " ")
		if text == "" {
			continue
		}
		class, _ := look(span.Style)
		fmt.Fprintf(svg, `<text class="%s" x="%g" y="%d" textLength="%g" lengthAdjust="spacingAndGlyphs">`,
			class, margin+float64(start)*cellWidth, y, float64(len([]rune(text)))*cellWidth)
		_ = xml.EscapeText(svg, []byte(text)) // a builder does not fail
		svg.WriteString("</text>\n")
	}
}
