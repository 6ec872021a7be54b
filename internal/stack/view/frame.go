// SPDX-License-Identifier: Apache-2.0

//go:build unix

package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/internal/stack"
)

// Scene is what a frame shows.
type Scene struct {
	State  stack.State
	Events []stack.Event // the newest last
	Now    time.Time
	Began  time.Time
	Pace   float64
}

// roomy is how many lines a terminal needs for the whole frame; on a smaller one what explains goes first.
const roomy = 36

// Frame lays a scene out as lines of at most width characters, at most height of them.
func Frame(scene Scene, width, height int) []Line {
	small := height < roomy
	head := concat(header(scene), services(scene.State, small), alerts(scene))
	foot := faults(scene.State, small)
	delivered, happened := deliveries(scene.State), events(scene.Events)
	room := height - len(head) - len(foot) - 3 // the titles of the two lists between, and a line to part them
	share := max(room/2, 1)
	delivered = newest(delivered, max(share, room-len(happened)))
	happened = newest(happened, max(share, room-len(delivered)))
	lines := concat(head, titled("DELIVERED", delivered), gap(), titled("WHAT HAPPENED", happened), foot)
	for i, line := range lines {
		lines[i] = line.cut(width)
	}
	return lines[:min(len(lines), max(height, 1))]
}

// Summary is the same without an end of room: what runs where and what to do, for a log.
func Summary(scene Scene) []Line {
	return concat(header(scene), services(scene.State, false), faultTable(scene.State))
}

func header(scene Scene) []Line {
	running := scene.Now.Sub(scene.Began).Round(time.Second)
	return []Line{
		{{"dbsyncctl up", Title}, {fmt.Sprintf("   for %v   waits are %g of the shipped ones", running, scene.Pace), Faint}},
		{},
	}
}

func services(state stack.State, small bool) []Line {
	var lines []Line
	for _, s := range state.Services {
		lines = append(lines, Line{{fmt.Sprintf("  %-13s %-31s ", s.Name, s.Address), Plain}, {s.Detail, Faint}})
	}
	if !small {
		lines = append(lines, Line{{"  files         " + state.Dir, Plain}})
	}
	return append(titled("WHAT RUNS", lines), Line{})
}

func alerts(scene Scene) []Line {
	state := scene.State
	var lines []Line
	for _, a := range state.Alerts {
		word, style := "pending", Faint
		if a.Firing {
			word, style = "FIRING", severity(a.Severity)
		}
		age := scene.Now.Sub(a.Since).Round(time.Second)
		lines = append(lines, Line{
			{fmt.Sprintf("  %-8s %-9s %s", word, a.Severity, a.Name), style},
			{fmt.Sprintf("  %s", a.Where), Plain}, {fmt.Sprintf("  for %v", age), Faint},
		})
	}
	if state.AlertsErr != nil {
		lines = []Line{{{"  not known: " + state.AlertsErr.Error(), Warn}}}
	} else if len(lines) == 0 {
		lines = []Line{{{"  nothing", Good}}}
	}
	const most = 8
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], plain(fmt.Sprintf("  and %d more", more)))
	}
	return append(titled("ALERTS", lines), heartbeat(scene), Line{})
}

func severity(word string) Style {
	if strings.EqualFold(word, "critical") {
		return Bad
	}
	return Warn
}

// heartbeat shows that the whole way works, even when there is nothing to tell.
func heartbeat(scene Scene) Line {
	text := "  the watchdog has not been heard yet"
	if !scene.State.Heartbeat.IsZero() {
		text = fmt.Sprintf("  the watchdog was heard %v ago", scene.Now.Sub(scene.State.Heartbeat).Round(time.Second))
	}
	return Line{{text, Faint}}
}

func deliveries(state stack.State) []Line {
	var lines []Line
	for _, d := range state.Delivered {
		after := ""
		if d.HasDelay {
			after = fmt.Sprintf("after %.1f s", d.Delay.Seconds())
		}
		style := severity(d.State)
		if d.Over() {
			style = Good
		}
		lines = append(lines, Line{
			{fmt.Sprintf("  %s  %-7s  %-13s ", d.At.Format(time.TimeOnly), d.Channel, after), Plain},
			{"[" + d.State + "]", style}, {fmt.Sprintf(" %s %s", d.Alert, d.Where), Plain}, {"  to " + d.To, Faint},
		})
	}
	if lines == nil {
		lines = []Line{{{"  nothing yet: break something", Faint}}}
	}
	return lines
}

// events leaves out what the other lists show.
func events(all []stack.Event) []Line {
	var lines []Line
	for _, e := range all {
		switch e.Source {
		case "mail", "slack", "webhook", "sms":
		default:
			lines = append(lines, plain("  "+Text(e)))
		}
	}
	return lines
}

// Text is an event in a line of a log.
func Text(e stack.Event) string {
	return fmt.Sprintf("%s  %-12s %s", e.At.Format(time.TimeOnly), e.Source, e.Text)
}

func faults(state stack.State, small bool) []Line {
	keys := Line{{"  1-9 break it   b break the migration   h heal everything   q or Ctrl-C end", Faint}}
	if small {
		return []Line{faultNames(state), keys}
	}
	return concat(gap(), faultTable(state), []Line{keys})
}

func faultNames(state stack.State) Line {
	line := Line{{"BREAK", Title}}
	for i, f := range state.Faults {
		mark, style := "", Plain
		if !f.Since.IsZero() {
			mark, style = "*", Warn
		}
		if f.Unavailable == "" {
			line = append(line, Span{fmt.Sprintf("  %d %s%s", i+1, f.Name, mark), style})
		}
	}
	return line
}

func faultTable(state stack.State) []Line {
	var lines []Line
	for i, f := range state.Faults {
		mark, text, style := " ", f.Help, Plain
		if !f.Since.IsZero() {
			mark, text, style = "*", "BROKEN; to heal it: "+f.Heal, Warn
		}
		if f.Unavailable != "" {
			mark, text, style = "-", "not here: "+f.Unavailable, Faint
		}
		lines = append(lines, Line{{fmt.Sprintf("%s %d %-12s %s", mark, i+1, f.Name, text), style}})
	}
	return titled("BREAK SOMETHING AND WATCH", lines)
}

func titled(title string, lines []Line) []Line { return append([]Line{{{title, Title}}}, lines...) }

func gap() []Line { return []Line{{}} }

func concat(parts ...[]Line) []Line {
	var all []Line
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// newest keeps the last lines.
func newest(lines []Line, room int) []Line {
	if more := len(lines) - max(room, 1); more > 0 {
		return lines[more:]
	}
	return lines
}
