// SPDX-License-Identifier: Apache-2.0

//go:build unix

package view

import "strings"

// Style is how a part of a line looks.
type Style int

// The styles.
const (
	Plain Style = iota
	Title
	Bad
	Warn
	Good
	Faint
)

// Span is a part of a line in one style.
type Span struct {
	Text  string
	Style Style
}

// Line is a line of the screen.
type Line []Span

func plain(text string) Line { return Line{{text, Plain}} }

// String is the line without styles.
func (l Line) String() string {
	var text strings.Builder
	for _, span := range l {
		text.WriteString(span.Text)
	}
	return text.String()
}

// cut shortens a line to a width in characters. A width that is not known leaves it whole.
func (l Line) cut(width int) Line {
	if width < 2 || len([]rune(l.String())) <= width {
		return l
	}
	var short Line
	room := width - 1
	for _, span := range l {
		runes := []rune(span.Text)
		if len(runes) >= room {
			return append(short, Span{string(runes[:room]), span.Style}, Span{"…", Faint})
		}
		short = append(short, span)
		room -= len(runes)
	}
	return short
}
