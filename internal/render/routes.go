// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Delays lists the values of the label notify_after that the routes know.
func Delays() []string { return []string{"5m", "15m", "30m", "1h"} }

// maxCriticalRepeat bounds how long the next incident of an alert that resolved
// while silenced can stay untold.
const maxCriticalRepeat = model.Duration(time.Hour)

// routes writes the routing tree below the root.
type routes struct {
	values  Alertmanager
	present *receivers
	notes   []string
}

// route is one node of the tree.
type route struct {
	comment string
	flow    bool // on one line
	fields  []field
	below   []route
}

// tree returns all routes below the root, in the order in which they are tried.
func (w *routes) tree() []route {
	return []route{
		w.heartbeat(),
		w.direct("A test of a channel: an alert that names the receiver.", "channel_test", 10*time.Second),
		w.direct("Escalated by hand: a copy of the alert that carries the receiver's name.", "escalate", time.Minute),
		w.byLabel(),
		{
			comment: "Information is for dashboards; nobody is told.",
			fields:  []field{matchers(`severity="info"`), {"receiver", nobody}},
		},
		w.critical(),
		w.warning(),
	}
}

func (w *routes) heartbeat() route {
	receiver := watchdog
	if !w.present.has(watchdog) {
		receiver = nobody
		w.notes = append(w.notes, "receiver watchdog drops out: nobody will notice when alerting itself stops")
	}
	return route{
		comment: "The dead man's switch: a service that raises the alarm when this stops coming.",
		fields: []field{
			matchers(`severity="none"`), {"receiver", receiver}, {"group_by", inline("alertname")},
			w.wait(0), w.interval(time.Minute), {"repeat_interval", w.duration(minutes(1))},
		},
	}
}

// direct leads an alert to the receiver that a label of it names, at once, and
// to nobody else.
func (w *routes) direct(comment, label string, interval time.Duration) route {
	var below []route
	for _, name := range w.present.names {
		below = append(below, route{flow: true, fields: []field{matchers(fmt.Sprintf("%s=%q", label, name)), {"receiver", name}}})
	}
	return route{comment: comment, below: below, fields: []field{
		matchers(label + `=~".+"`), {"receiver", w.present.fallback()}, {"group_by", inline("...")},
		w.wait(0), w.interval(interval), w.repeat(),
	}}
}

// byLabel is for rules of one's own, whose labels say who is told, and when.
// Critical ones escalate as all others do.
func (w *routes) byLabel() route {
	const among = `"(.+,)?%s(,.+)?"`
	delays := w.delays()
	var below []route
	for _, name := range w.present.names {
		below = append(below, route{flow: true, fields: []field{
			matchers(fmt.Sprintf("notify=~"+among, name)), {"receiver", name}, {"continue", true}, {"routes", delays},
		}})
		if delays.Kind != yaml.AliasNode {
			delays = &yaml.Node{Kind: yaml.AliasNode, Value: "delays", Alias: delays}
		}
	}
	for _, s := range climb(w.present, w.values.escalation()) {
		fields := []field{matchers(`severity="critical"`, fmt.Sprintf("notify!~"+among, s.receiver))}
		below = append(below, route{flow: true, fields: append(append(fields, w.step(s)...), field{"continue", true})})
	}
	return route{
		comment: "Rules of your own: notify names receivers, separated by commas; notify_after delays them.",
		below:   below,
		fields:  []field{matchers(`notify=~".+"`), {"receiver", w.present.fallback()}, w.wait(0), w.repeat()},
	}
}

// delays are routes that take the receiver of the one above them. The first use
// writes them, further ones refer to it.
func (w *routes) delays() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Anchor: "delays"}
	for _, delay := range Delays() {
		after, _ := model.ParseDuration(delay)                                                     // ours
		node, _ := encode([]field{matchers(fmt.Sprintf("notify_after=%q", delay)), w.wait(after)}) // only text
		list.Content = append(list.Content, node)
	}
	return list
}

func (w *routes) critical() route {
	return route{
		comment: "Critical: the first row that matches, and every receiver once. An alert that another\n" +
			"one can inhibit waits 15 s, so that the other one can arrive; a root cause waits 0 s.\n" +
			"Repeated hourly at least: an alert that resolves while it is silenced is taken for\n" +
			"still firing, and its next incident is not told before repeat_interval.",
		below:  w.rows("critical"),
		fields: []field{matchers(`severity="critical"`), {"receiver", w.present.fallback()}, w.repeat()},
	}
}

func (w *routes) warning() route {
	return route{
		below:  w.rows("warning"),
		fields: []field{matchers(`severity="warning"`), {"receiver", w.present.fallback()}},
	}
}

// rows are the rows of the table for a severity.
func (w *routes) rows(severity string) []route {
	var all []route
	for _, row := range w.values.rows() {
		if row.Severity != severity {
			continue
		}
		steps, notes := w.values.ladder(row, w.present)
		w.notes = append(w.notes, notes...)
		var fields []field
		if len(row.Match) > 0 {
			fields = append(fields, matchers(row.Match...))
		}
		if len(steps) == 1 {
			all = append(all, route{comment: row.Comment, flow: true, fields: append(fields, w.step(steps[0])...)})
			continue
		}
		r := route{comment: row.Comment, fields: append(fields, field{"receiver", steps[0].receiver})}
		for i, s := range steps {
			below := route{flow: true, fields: w.step(s)}
			if i < len(steps)-1 {
				below.fields = append(below.fields, field{"continue", true})
			}
			r.below = append(r.below, below)
		}
		all = append(all, r)
	}
	return all
}

// step tells one receiver.
func (w *routes) step(s step) []field {
	fields := []field{{"receiver", s.receiver}, w.wait(s.wait)}
	switch s.during {
	case businessHours:
		fields = append(fields, field{"active_time_intervals", inline(businessHours)})
	case offHours:
		fields = append(fields, field{"mute_time_intervals", inline(businessHours)})
	}
	return fields
}

// repeat is the repeat interval of what wakes people.
func (w *routes) repeat() field {
	d := maxCriticalRepeat
	if r := w.values.RepeatInterval; r > 0 && r < d {
		d = r
	}
	return field{"repeat_interval", w.duration(d)}
}

func (w *routes) wait(d model.Duration) field { return field{"group_wait", w.duration(d)} }

func (w *routes) interval(d time.Duration) field {
	return field{"group_interval", w.duration(model.Duration(d))}
}

// duration writes a wait, scaled.
func (w *routes) duration(d model.Duration) string { return w.values.scaled(d).String() }

func matchers(all ...string) field {
	list := inline(all...)
	for _, m := range list.Content {
		m.Style = yaml.SingleQuotedStyle
	}
	return field{"matchers", list}
}

// inline is a list on one line.
func inline(all ...string) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, s := range all {
		item := &yaml.Node{}
		item.SetString(s)
		list.Content = append(list.Content, item)
	}
	return list
}

func routeNodes(all []route) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, r := range all {
		node, err := encode(r.fields)
		if err != nil {
			return nil, err
		}
		if len(r.below) > 0 {
			below, err := routeNodes(r.below)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "routes"}, below)
		}
		if r.flow {
			node.Style = yaml.FlowStyle
		}
		node.HeadComment = r.comment
		list.Content = append(list.Content, node)
	}
	return list, nil
}
