// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// Row is one row of the routing table: which alerts, and who is told when.
type Row struct {
	Severity string   `yaml:"severity"` // critical or warning
	Match    []string `yaml:"match"`    // further matchers, such as rule_id="backup_failure"; none: every alert
	Told     []string `yaml:"told"`     // receivers that are told at once
	// Wait is how long "at once" waits for another alert that would inhibit this
	// one. 0 is for root causes.
	Wait model.Duration `yaml:"wait"`
	// Later is who is told too, if the alert still fires and nobody acknowledged.
	Later   []Level `yaml:"later"`
	Comment string  `yaml:"comment"`
}

// Level is one step of an escalation.
type Level struct {
	After     model.Duration `yaml:"after"`
	Receivers []string       `yaml:"receivers"`
	// During is empty for any time, business_hours or off_hours.
	During string `yaml:"during"`
}

const patience = model.Duration(15 * time.Second)

func minutes(n int) model.Duration { return model.Duration(time.Duration(n) * time.Minute) }

// DefaultRows is the shipped routing table.
func DefaultRows() []Row {
	return []Row{
		{
			Severity: "critical", Match: []string{`rule_id="migration_failure"`},
			Told: []string{"email_admin", "slack_dev"}, Later: []Level{{After: minutes(5), Receivers: []string{"webhook_oncall"}}},
		},
		{
			Severity: "critical", Match: []string{`rule_id="disk_space_low"`},
			Told: []string{"email_admin", "slack_ops"}, Later: []Level{{After: minutes(15), Receivers: []string{"sms_oncall"}}},
		},
		{
			Severity: "critical", Match: []string{`component="mysql"`, `rule_id!="mysql_down"`}, Comment: "What MySQLDown inhibits.",
			Told: []string{"email_admin", "slack_ops"}, Wait: patience,
			Later: []Level{{After: minutes(5), Receivers: []string{"webhook_oncall"}}},
		},
		{
			Severity: "critical",
			Told:     []string{"email_admin", "slack_ops"}, Later: []Level{{After: minutes(5), Receivers: []string{"webhook_oncall"}}},
		},
		{
			Severity: "warning", Match: []string{`rule_id="backup_failure"`},
			Told: []string{"slack_ops"}, Wait: patience, Later: []Level{{After: minutes(2), Receivers: []string{"email_admin"}}},
		},
		{Severity: "warning", Match: []string{`component=~"mysql|migration|app"`}, Told: []string{"slack_dev"}, Wait: patience},
		{Severity: "warning", Told: []string{"slack_ops"}, Wait: patience},
	}
}

// DefaultEscalation is who is told of every critical alert that nobody takes.
func DefaultEscalation() []Level {
	return []Level{
		{After: minutes(15), Receivers: []string{"sms_oncall"}},
		{After: minutes(30), Receivers: []string{"webhook_oncall"}},
		{After: minutes(60), Receivers: []string{"push_oncall"}},
	}
}

func (a *Alertmanager) rows() []Row {
	if a.Rows == nil {
		return DefaultRows()
	}
	return a.Rows
}

func (a *Alertmanager) escalation() []Level {
	if a.Escalation == nil {
		return DefaultEscalation()
	}
	return a.Escalation
}

// validateRouting refuses what would leave somebody untold, or name nobody.
func (a *Alertmanager) validateRouting() error {
	if err := a.validateLevels(a.escalation(), 0); err != nil {
		return fmt.Errorf("alertmanager.escalation: %w", err)
	}
	all := map[string]bool{}
	for i, row := range a.rows() {
		if err := a.validateRow(row); err != nil {
			return fmt.Errorf("alertmanager.rows[%d]: %w", i, err)
		}
		all[row.Severity] = len(row.Match) == 0
	}
	for _, severity := range []string{"critical", "warning"} {
		if !all[severity] {
			return fmt.Errorf("alertmanager.rows: the last row of severity %s must match every alert, that is have no match", severity)
		}
	}
	return nil
}

func (a *Alertmanager) validateRow(row Row) error {
	if row.Severity != "critical" && row.Severity != "warning" {
		return fmt.Errorf("severity: %q is neither critical nor warning", row.Severity)
	}
	for _, text := range row.Match {
		if _, err := labels.ParseMatcher(text); err != nil {
			return fmt.Errorf("match: %w", err)
		}
	}
	if len(row.Told) == 0 {
		return errors.New("told: names nobody")
	}
	if err := a.known(row.Told); err != nil {
		return fmt.Errorf("told: %w", err)
	}
	return a.validateLevels(row.Later, row.Wait)
}

func (a *Alertmanager) validateLevels(levels []Level, before model.Duration) error {
	for i, level := range levels {
		if level.After <= before {
			return fmt.Errorf("level %d: after %v is not after %v", i, level.After, before)
		}
		if err := a.known(level.Receivers); err != nil {
			return fmt.Errorf("level %d: %w", i, err)
		}
		switch level.During {
		case "":
		case businessHours, offHours:
			if a.BusinessHours.Location == "" {
				return fmt.Errorf("level %d: during %s needs alertmanager.business_hours.location", i, level.During)
			}
		default:
			return fmt.Errorf("level %d: during %q is neither %s nor %s", i, level.During, businessHours, offHours)
		}
	}
	return nil
}

// known refuses a name that is misspelt. Those of the shipped table may be
// without values: they drop out.
func (a *Alertmanager) known(names []string) error {
	for _, name := range names {
		if _, given := a.Receivers[name]; name == watchdog || !given && !slices.Contains(Seed(), name) {
			return fmt.Errorf("%q is no receiver with values", name)
		}
	}
	return nil
}

// step is one receiver of a row, and when it is told.
type step struct {
	receiver string
	wait     model.Duration
	during   string
}

// ladder returns who is told of the alerts of a row, in order, each receiver
// once. Notes say where it differs from what the row says.
func (a *Alertmanager) ladder(row Row, present *receivers) (steps []step, notes []string) {
	first := Level{After: row.Wait, Receivers: row.Told}
	if row.Severity == "warning" && a.Warnings == businessHours {
		first.During = businessHours
	}
	later := slices.Clone(row.Later)
	if row.Severity == "critical" {
		later = append(later, a.escalation()...)
	}
	steps = climb(present, append([]Level{first}, later...))
	switch {
	case len(steps) == 0:
		steps = []step{{present.fallback(), row.Wait, first.During}}
		notes = append(notes, fmt.Sprintf("%s: none of its receivers has values, %s is told", row, steps[0].receiver))
	case steps[0].wait > row.Wait:
		notes = append(notes, fmt.Sprintf("%s: %s is told at once instead of after %v, nobody is before it", row, steps[0].receiver, steps[0].wait))
		soonest := steps[0].wait
		for i := range steps {
			if steps[i].wait == soonest {
				steps[i].wait, steps[i].during = row.Wait, ""
			}
		}
	}
	return steps, notes
}

// climb returns the receivers of the levels that have values, the earliest
// first, and each once.
func climb(present *receivers, levels []Level) []step {
	levels = slices.Clone(levels)
	slices.SortStableFunc(levels, func(a, b Level) int { return int(a.After - b.After) })
	var steps []step
	told := map[string]bool{}
	for _, level := range levels {
		for _, name := range level.Receivers {
			if present.has(name) && !told[name] {
				told[name] = true
				steps = append(steps, step{name, level.After, level.During})
			}
		}
	}
	return steps
}

// String names a row in messages.
func (row Row) String() string {
	return strings.Join(append([]string{"severity=" + row.Severity}, row.Match...), ", ")
}

// fallback is who is told where nobody else can be.
func (rs *receivers) fallback() string {
	for _, name := range []string{"email_admin", "slack_ops", "slack_dev"} {
		if rs.has(name) {
			return name
		}
	}
	if len(rs.names) == 0 {
		return ""
	}
	return rs.names[0]
}
