// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
)

const (
	minute = "2006-01-02 15:04"

	meaning = "Never acknowledged: fired for at least 10 minutes and nobody took it. Flapping: began within 30 minutes of its own end. " +
		"A false-alarm candidate fired three times or more, was over within 10 minutes as a rule, and nobody ever took it: " +
		"raise its threshold or its time, or mend what it tells of."
)

// WriteMarkdown writes the report for a ticket or a chat.
func WriteMarkdown(w io.Writer, r Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Alerts, %s to %s\n\n", r.From.Format(minute), r.To.Format(minute))
	fmt.Fprintf(&b, "| | this time | before |\n| --- | ---: | ---: |\n")
	for _, row := range r.summary() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.Name, row.Now, row.Before)
	}
	if rules := r.fired(); len(rules) > 0 {
		b.WriteString("\n## Rules, the noisiest first\n\n" +
			"| rule | severity | episodes | before | objects | fired for | acknowledged | median to ack. | p90 | median to resolve | p90 | never ack. | flapping |\n" +
			"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
		for _, rule := range rules {
			fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s | %d | %s | %s | %s | %s | %d | %d |\n", escape(rule.Name), escape(rule.Severity),
				rule.Episodes, rule.Before.Episodes, rule.Objects, rule.Firing, rule.Acknowledged, text(rule.ToAcknowledge.Median), text(rule.ToAcknowledge.P90),
				text(rule.ToResolve.Median), text(rule.ToResolve.P90), rule.Ignored, rule.Flaps)
		}
	}
	list(&b, "False-alarm candidates", r.candidates())
	list(&b, "Quiet again: fired only before", r.quiet())
	if len(r.Open) > 0 {
		b.WriteString("\n## Never acknowledged, the longest first\n\n| alert | of | from | fired for |\n| --- | --- | --- | ---: |\n")
		for _, o := range r.Open {
			fmt.Fprintf(&b, "| %s | %s | %s | %s%s |\n", escape(o.Alert), escape(o.Subject), o.From.Format(minute), o.Lasted, still(o))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", meaning)
	_, err := io.WriteString(w, b.String())
	return err
}

func list(b *strings.Builder, title string, rules []Rule) {
	if len(rules) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, rule := range rules {
		fmt.Fprintf(b, "- %s\n", escape(rule.Name))
	}
}

// escape keeps a label's value within its cell.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "`", "'").Replace(s)
}

func text(s *Seconds) string {
	if s == nil {
		return "-"
	}
	return s.String()
}

func still(o Open) string {
	if o.Firing {
		return ", still"
	}
	return ""
}

// row is a figure of both times.
type row struct{ Name, Now, Before string }

func (r Report) summary() []row {
	number := func(name string, of func(Figures) int) row {
		return row{name, fmt.Sprint(of(r.Total)), fmt.Sprint(of(r.Before))}
	}
	length := func(name string, of func(Figures) *Seconds) row {
		return row{name, text(of(r.Total)), text(of(r.Before))}
	}
	return []row{
		number("episodes", func(f Figures) int { return f.Episodes }),
		number("critical", func(f Figures) int { return f.Critical }),
		number("warning", func(f Figures) int { return f.Warning }),
		length("fired for, all together", func(f Figures) *Seconds { return &f.Firing }),
		number("acknowledged", func(f Figures) int { return f.Acknowledged }),
		length("to acknowledge, median", func(f Figures) *Seconds { return f.ToAcknowledge.Median }),
		length("to acknowledge, p90", func(f Figures) *Seconds { return f.ToAcknowledge.P90 }),
		length("to resolve, median", func(f Figures) *Seconds { return f.ToResolve.Median }),
		length("to resolve, p90", func(f Figures) *Seconds { return f.ToResolve.P90 }),
		number("never acknowledged", func(f Figures) int { return f.Ignored }),
		number("flapping", func(f Figures) int { return f.Flaps }),
	}
}

// which returns the rules of a kind, in order.
func (r Report) which(wanted func(Rule) bool) []Rule {
	var rules []Rule
	for _, rule := range r.Rules {
		if wanted(rule) {
			rules = append(rules, rule)
		}
	}
	return rules
}

func (r Report) fired() []Rule      { return r.which(func(rule Rule) bool { return rule.Episodes > 0 }) }
func (r Report) quiet() []Rule      { return r.which(func(rule Rule) bool { return rule.Episodes == 0 }) }
func (r Report) candidates() []Rule { return r.which(func(rule Rule) bool { return rule.Candidate }) }
