// SPDX-License-Identifier: Apache-2.0

//go:build unix

package view

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/status"
)

func scene() Scene {
	now := time.Date(2026, 11, 24, 3, 14, 15, 0, time.UTC)
	s := Scene{Now: now, Began: now.Add(-time.Minute), Pace: 0.1}
	s.State = stack.State{
		Dir:       "/tmp/dbsync-up-1",
		Services:  []stack.Service{{Name: "database", Address: "127.0.0.1:3306"}, {Name: "exporter", Address: "http://127.0.0.1:19104"}},
		Alerts:    []status.Alert{{Name: "MigrationFailure", Severity: "critical", Where: "erp-primary easy_erp", Firing: true, Since: now}},
		Heartbeat: now.Add(-3 * time.Second),
	}
	for _, fault := range stack.AllFaults() {
		s.State.Faults = append(s.State.Faults, stack.FaultState{Fault: fault})
	}
	s.State.Faults[0].Since = now
	for i := range 50 {
		at := now.Add(time.Duration(i) * time.Second)
		s.Events = append(s.Events, stack.Event{At: at, Source: "backup", Text: fmt.Sprintf("dump %d", i)})
		s.State.Delivered = append(s.State.Delivered, stack.Delivery{
			At: at, Channel: "mail", To: "admin@example.com", State: "CRITICAL", Alert: "MigrationFailure",
			Where: "erp-primary 数据库 " + strings.Repeat("long ", 40), Delay: time.Duration(i) * time.Second, HasDelay: true,
		})
	}
	return s
}

func text(lines []Line) string {
	var all []string
	for _, line := range lines {
		all = append(all, line.String())
	}
	return strings.Join(all, "\n")
}

func TestAFrameFitsAndShowsWhatMatters(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}, {40, 12}, {10, 3}, {1, 1}} {
		lines := Frame(scene(), size[0], size[1])
		if len(lines) > size[1] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for _, line := range lines {
			if n := len([]rune(line.String())); n > size[0] && size[0] > 1 {
				t.Errorf("%v: %d characters in %q", size, n, line)
			}
		}
		if size[0] < 80 {
			continue
		}
		got := text(lines)
		for _, want := range []string{
			"FIRING   critical  MigrationFailure", "the watchdog was heard 3s ago", "after 49.0 s", "dump 49", "1 migration",
			"h heal everything", "http://127.0.0.1:19104",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%v: no %q in\n%s", size, want, got)
			}
		}
	}
}

func TestWhatIsNotKnownIsSaid(t *testing.T) {
	s := scene()
	s.State.Alerts, s.State.AlertsErr, s.State.Delivered = nil, errors.New("connection refused"), nil
	if got := text(Frame(s, 120, 40)); !strings.Contains(got, "not known: connection refused") || !strings.Contains(got, "nothing yet") {
		t.Error(got)
	}
}

func TestTextCannotControlTheTerminal(t *testing.T) {
	for _, color := range []bool{true, false} {
		got := (&Terminal{Color: color}).styled(Span{"a\x1b[2Jb\nc", Bad})
		if want := map[bool]string{true: "\x1b[1;31ma [2Jb c\x1b[0m", false: "a [2Jb c"}[color]; got != want {
			t.Errorf("color %v: %q, want %q", color, got, want)
		}
	}
}
