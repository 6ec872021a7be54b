// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// spoken are the shipped templates that exist once per language.
var spoken = []string{
	"what", "sms", "word.since", "word.runbook", "word.dashboard", "word.ack", "word.silence", "word.query", "word.more",
}

// templates returns the file that says what only an installation knows: the
// language, where to acknowledge, and why somebody is told now and who is next.
func (a *Alertmanager) templates(present *receivers) map[string][]byte {
	var out bytes.Buffer
	out.WriteString("{{/* Written by `dbsyncctl render`: what differs between installations. */}}\n\n")
	for _, name := range spoken {
		fmt.Fprintf(&out, "{{ define \"dbsync.%s\" }}{{ template \"dbsync.%s.%s\" . }}{{ end }}\n", name, name, a.language())
	}
	if a.OncallURL == "" {
		out.WriteString(`
{{/* Where to acknowledge: Alertmanager's form for a silence. Takes a notification, and an alert. */}}
{{ define "dbsync.ack.base" }}{{ .ExternalURL }}/#/silences/new{{ end }}
{{ define "dbsync.ack.path" }}?filter={{ template "dbsync.filter" .Labels }}&comment=ACK%21%20{{ end }}
`)
	} else {
		fmt.Fprintf(&out, `
{{/* Where to acknowledge: the on-call page. Takes a notification, and an alert. */}}
{{ define "dbsync.ack.base" }}%s{{ end }}
{{ define "dbsync.ack.path" }}/alerts/{{ .Fingerprint }}{{ end }}
`, literal(strings.TrimSuffix(a.OncallURL, "/")))
	}
	a.writeLevels(&out, present)
	return map[string][]byte{"installation.tmpl": out.Bytes()}
}

// writeLevels writes dbsync.level, which takes a notification: why its receiver
// is told, and who is next. It mirrors the routes.
func (a *Alertmanager) writeLevels(out *bytes.Buffer, present *receivers) {
	fmt.Fprintf(out, `
{{/* Why you, and who is next. Takes a notification. */}}
{{ define "dbsync.level" }}{{ if eq .Status "firing" -}}
{{ if .CommonLabels.channel_test }}%s
{{- else if .CommonLabels.escalate }}%s{{ with .CommonAnnotations.escalated_by }} ({{ . }}){{ end }}
{{- else if .CommonLabels.notify }}%s
`,
		a.say("This is a test of the channel. There is nothing to do.", "这是渠道测试，无需处理。"),
		a.say("Escalated to you by hand.", "人工升级给您。"),
		a.say("The rule names you.", "规则指定通知您。"))
	var ladders []string
	for _, row := range a.rows() {
		steps, _ := a.ladder(row, present)
		text := a.explain(steps)
		n := slices.Index(ladders, text)
		if n < 0 {
			n = len(ladders)
			ladders = append(ladders, text)
		}
		fmt.Fprintf(out, "{{- else if and %s }}{{ template \"dbsync.level.%d\" . }}\n", conditions(row), n+1)
	}
	out.WriteString("{{- end }}{{ end }}{{ end }}\n\n{{/* The ladders of the routing table. */}}\n")
	for i, text := range ladders {
		fmt.Fprintf(out, "{{ define \"dbsync.level.%d\" -}}\n%s{{- end }}\n", i+1, text)
	}
	a.writeMoments(out, present)
}

// explain says for each receiver of a ladder why it is told.
func (a *Alertmanager) explain(steps []step) string {
	var order []string
	receivers := map[string][]string{}
	for i, s := range steps {
		text := a.level(steps, i)
		if receivers[text] == nil {
			order = append(order, text)
		}
		receivers[text] = append(receivers[text], fmt.Sprintf("(eq .Receiver %q)", s.receiver))
	}
	var out strings.Builder
	for i, text := range order {
		keyword := "{{- else if"
		if i == 0 {
			keyword = "{{ if"
		}
		fmt.Fprintf(&out, "%s or %s }}%s\n", keyword, strings.Join(receivers[text], " "), text)
	}
	return out.String() + "{{- end }}"
}

// writeMoments writes when each level is told, counted from the onset.
func (a *Alertmanager) writeMoments(out *bytes.Buffer, present *receivers) {
	out.WriteString("\n{{/* When a level is told. */}}\n")
	var seen []model.Duration
	for _, row := range a.rows() {
		steps, _ := a.ladder(row, present)
		for _, s := range steps {
			if s.wait == row.Wait || slices.Contains(seen, s.wait) {
				continue
			}
			seen = append(seen, s.wait)
			fmt.Fprintf(out, "{{ define %q }}{{ ((index .Alerts.Firing 0).StartsAt.Add %d).Local.Format \"15:04 MST\" }}{{ end }}\n",
				moment(s.wait), int64(a.scaled(s.wait)))
		}
	}
}

func moment(wait model.Duration) string { return fmt.Sprintf("dbsync.after.%v", wait) }

// conditions are a row's matchers as template expressions that are all true.
func conditions(row Row) string {
	all := []string{fmt.Sprintf("(eq .CommonLabels.severity %q)", row.Severity)}
	for _, text := range row.Match {
		m, err := labels.ParseMatcher(text)
		if err != nil {
			continue // validate has refused it
		}
		value := fmt.Sprintf("(index .CommonLabels %q)", m.Name)
		all = append(all, map[labels.MatchType]string{
			labels.MatchEqual:     fmt.Sprintf("(eq %s %q)", value, m.Value),
			labels.MatchNotEqual:  fmt.Sprintf("(ne %s %q)", value, m.Value),
			labels.MatchRegexp:    fmt.Sprintf("(match %q %s)", "^(?:"+m.Value+")$", value),
			labels.MatchNotRegexp: fmt.Sprintf("(not (match %q %s))", "^(?:"+m.Value+")$", value),
		}[m.Type])
	}
	return strings.Join(all, " ")
}

// level says in which position of the ladder a step stands.
func (a *Alertmanager) level(steps []step, at int) string {
	var waits []model.Duration
	for _, s := range steps {
		if !slices.Contains(waits, s.wait) {
			waits = append(waits, s.wait)
		}
	}
	n := slices.Index(waits, steps[at].wait)
	english, chinese := "Told at once.", "立即通知。"
	if n > 0 {
		wait := a.scaled(steps[at].wait)
		english = fmt.Sprintf("Level %d of %d: not acknowledged for %v.", n+1, len(waits), wait)
		chinese = fmt.Sprintf("第 %d 级（共 %d 级）：%s内无人确认。", n+1, len(waits), inChinese(wait))
	}
	if n == len(waits)-1 {
		if n > 0 {
			english, chinese = english+" Nobody else will be told.", chinese+"之后不再通知其他人。"
		}
		return a.say(english, chinese)
	}
	var next []string
	for _, s := range steps {
		if s.wait == waits[n+1] {
			next = append(next, s.receiver)
		}
	}
	when := call(moment(waits[n+1]))
	return a.say(
		fmt.Sprintf("%s Next: %s at %s, unless it is acknowledged.", english, strings.Join(next, ", "), when),
		fmt.Sprintf("%s若未确认，%s 通知 %s。", chinese, when, strings.Join(next, "、")),
	)
}

func inChinese(d model.Duration) string {
	switch {
	case d%model.Duration(time.Hour) == 0:
		return fmt.Sprintf("%d 小时", d/model.Duration(time.Hour))
	case d%model.Duration(time.Minute) == 0:
		return fmt.Sprintf("%d 分钟", d/model.Duration(time.Minute))
	}
	return d.String()
}

func (a *Alertmanager) scaled(d model.Duration) model.Duration {
	if a.Scale == 0 {
		return d
	}
	return scaled(d, a.Scale)
}

// say joins a sentence in the languages that are spoken.
func (a *Alertmanager) say(english, chinese string) string {
	switch a.language() {
	case "en":
		return english
	case "zh":
		return chinese
	}
	return english + " " + chinese
}

// literal keeps a text from being read as a template.
func literal(s string) string { return strings.ReplaceAll(s, "{{", `{{ "{{" }}`) }
