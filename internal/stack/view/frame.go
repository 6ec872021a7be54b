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

// Frame lays a scene out as lines of at most width characters, at most height of them: what is least interesting goes
// first where there is no room.
func Frame(scene Scene, width, height int) []string {
	head := concat(header(scene), services(scene.State), alerts(scene))
	foot := faults(scene.State)
	room := height - len(head) - len(foot) - 2 // the titles of the two lists between
	delivered := deliveries(scene.State)
	happened := events(scene.Events)
	share := max(room/2, 3)
	delivered = newest(delivered, max(share, room-len(happened)))
	happened = newest(happened, max(share, room-len(delivered)))
	lines := concat(head, titled("DELIVERED", delivered), titled("WHAT HAPPENED", happened), foot)
	for i, line := range lines {
		lines[i] = cut(line, width)
	}
	return lines[:min(len(lines), max(height, 1))]
}

// Summary is the same without an end of room: what runs where and what to do, for a log.
func Summary(scene Scene) []string {
	return concat(header(scene), services(scene.State), faultTable(scene.State))
}

func header(scene Scene) []string {
	running := scene.Now.Sub(scene.Began).Round(time.Second)
	return []string{
		fmt.Sprintf("dbsyncctl up   running for %v   waits are %g of the shipped ones", running, scene.Pace),
		"",
	}
}

func services(state stack.State) []string {
	lines := make([]string, 0, len(state.Services)+3)
	for _, s := range state.Services {
		lines = append(lines, fmt.Sprintf("  %-13s %-31s %s", s.Name, s.Address, s.Detail))
	}
	return append(titled("WHAT RUNS", lines), "  files         "+state.Dir, "")
}

func alerts(scene Scene) []string {
	state := scene.State
	var lines []string
	for _, a := range state.Alerts {
		word := "pending"
		if a.Firing {
			word = "FIRING"
		}
		age := scene.Now.Sub(a.Since).Round(time.Second)
		lines = append(lines, fmt.Sprintf("  %-8s %-9s %s  %s  since %v", word, a.Severity, a.Name, a.Where, age))
	}
	if state.AlertsErr != nil {
		lines = []string{"  not known: " + state.AlertsErr.Error()}
	} else if len(lines) == 0 {
		lines = []string{"  nothing"}
	}
	const most = 8
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], fmt.Sprintf("  and %d more", more))
	}
	return append(titled("ALERTS", lines), heartbeat(scene), "")
}

// heartbeat shows that the whole way works, even when there is nothing to tell.
func heartbeat(scene Scene) string {
	if scene.State.Heartbeat.IsZero() {
		return "  (the watchdog has not been heard yet)"
	}
	return fmt.Sprintf("  (the watchdog was heard %v ago)", scene.Now.Sub(scene.State.Heartbeat).Round(time.Second))
}

func deliveries(state stack.State) []string {
	var lines []string
	for _, d := range state.Delivered {
		lines = append(lines, fmt.Sprintf("  %s  %-7s %s", d.At.Format(time.TimeOnly), d.Channel, d))
	}
	if lines == nil {
		lines = []string{"  nothing yet: break something"}
	}
	return lines
}

// events leaves out what the other lists show.
func events(all []stack.Event) []string {
	var lines []string
	for _, e := range all {
		switch e.Source {
		case "mail", "slack", "webhook", "sms":
		default:
			lines = append(lines, "  "+Line(e))
		}
	}
	return lines
}

// Line is an event in a line of a log.
func Line(e stack.Event) string {
	return fmt.Sprintf("%s  %-12s %s", e.At.Format(time.TimeOnly), e.Source, e.Text)
}

func faults(state stack.State) []string {
	return append(faultTable(state), "", "  1-9 break it   b break the migration   h heal everything   q or Ctrl-C end")
}

func faultTable(state stack.State) []string {
	var lines []string
	for i, f := range state.Faults {
		mark, text := " ", f.Help
		if !f.Since.IsZero() {
			mark, text = "*", "BROKEN; h heals: "+f.Heal
		}
		if f.Unavailable != "" {
			mark, text = "-", "not here: "+f.Unavailable
		}
		lines = append(lines, fmt.Sprintf("%s %d %-12s %s", mark, i+1, f.Name, text))
	}
	return titled("BREAK SOMETHING AND WATCH", lines)
}

func titled(title string, lines []string) []string { return append([]string{title}, lines...) }

func concat(parts ...[]string) []string {
	var all []string
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// newest keeps the last lines.
func newest(lines []string, room int) []string {
	if more := len(lines) - max(room, 1); more > 0 {
		return lines[more:]
	}
	return lines
}

// cut shortens a line to a width in characters.
func cut(line string, width int) string {
	runes := []rune(strings.ReplaceAll(line, "\t", " "))
	if len(runes) > width && width > 1 {
		return string(runes[:width-1]) + "…"
	}
	return string(runes)
}
