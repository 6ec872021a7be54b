// SPDX-License-Identifier: Apache-2.0

//go:build unix

package view

import (
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// Terminal is where a screen can be drawn and keys are pressed.
type Terminal struct {
	Color bool // whether styles are shown

	in, out *os.File
}

// OpenTerminal returns the terminal that both files are, or nil.
func OpenTerminal(in, out any) *Terminal {
	i, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(i.Fd())) {
		return nil
	}
	o, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(o.Fd())) {
		return nil
	}
	return &Terminal{in: i, out: o}
}

// Control sequences of ECMA-48 and xterm that every terminal emulator of today knows.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l" // the other screen, so that the scrollback stays; no cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
)

// open switches to the screen and to single keys. restore gives the terminal back as it was.
func (t *Terminal) open() (keys <-chan byte, restore func(), err error) {
	back, err := singleKeys(int(t.in.Fd()))
	if err != nil {
		return nil, nil, err
	}
	_, _ = t.out.WriteString(enterScreen)
	return t.read(), func() {
		_, _ = t.out.WriteString(leaveScreen)
		back()
	}, nil
}

// read passes keys on. It ends with the process: a read from a terminal cannot be interrupted.
func (t *Terminal) read() <-chan byte {
	keys := make(chan byte)
	go func() {
		key := make([]byte, 1)
		for {
			if _, err := t.in.Read(key); err != nil {
				return
			}
			keys <- key[0]
		}
	}()
	return keys
}

func (t *Terminal) size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil {
		return 80, 24
	}
	return width, height
}

// draw overwrites the screen in one write, so that it does not flicker.
func (t *Terminal) draw(lines []Line) {
	var text strings.Builder
	text.WriteString(home)
	for i, line := range lines {
		if i > 0 {
			text.WriteString("\r\n")
		}
		for _, span := range line {
			text.WriteString(t.styled(span))
		}
		text.WriteString(clearLine)
	}
	text.WriteString(clearBelow)
	_, _ = t.out.WriteString(text.String())
}

// styled is a span with the control sequences of its style. Control characters in its text are shown as blanks.
func (t *Terminal) styled(span Span) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, span.Text)
	code, ok := map[Style]string{Title: "1", Bad: "1;31", Warn: "33", Good: "32", Faint: "2"}[span.Style]
	if !ok || !t.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
