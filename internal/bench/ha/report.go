// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// limit is the seed's, from firing to delivery.
const limit = 30 * time.Second

// report is the figures as Markdown.
func (found *result) report(edition string) string {
	var b bytes.Buffer
	by := found.tallies()
	all := by[""]
	fmt.Fprintf(&b, "%d faults in %.0f minutes, one every %s, each %s long; %d injections, one at a time; programs: %s. ",
		all.faults, found.ended.Sub(found.began).Minutes(), found.plan.every, found.plan.down, all.spells, edition)
	fmt.Fprintf(&b, "The routes' waits are %.1f of the shipped ones, the rules' %.1f.\n\n", found.plan.waits.routes, found.plan.waits.rules)
	b.WriteString("| notifications | |\n| --- | ---: |\n")
	fmt.Fprintf(&b, "| expected: %d faults × %d receivers × (firing, resolved) | %d |\n", all.faults, len(told), all.expected)
	fmt.Fprintf(&b, "| lost | %d |\n| told once more | %d, %s |\n", all.lost, all.twice, percent(all.twice, all.expected))
	within := 0
	for _, d := range all.delivery {
		if d <= limit {
			within++
		}
	}
	fmt.Fprintf(&b, "| delivered within %s of firing | %d of %d, %s |\n", limit, within, all.expected/2, percent(within, all.expected/2))
	b.WriteString("\n| leg | p50, s | p99, s | longest, s |\n| --- | ---: | ---: | ---: |\n")
	for _, leg := range []struct {
		name  string
		times []time.Duration
	}{
		{"fault to firing", all.firing},
		{"firing to delivery", all.delivery},
		{"fault to delivery", all.whole},
		{"end of the fault to the notice of it", all.resolving},
	} {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f |\n", leg.name, quantile(leg.times, 0.5), quantile(leg.times, 0.99), quantile(leg.times, 1))
	}
	found.availability(&b)
	s := found.samples
	b.WriteString("\n| samples, of one in each interval of each server | expected | missing | present |\n| --- | ---: | ---: | ---: |\n")
	for i, missing := range s.missing {
		fmt.Fprintf(&b, "| Prometheus %c | %d | %d | %s |\n", 'a'+i, s.expected, missing, percent(s.expected-missing, s.expected))
	}
	fmt.Fprintf(&b, "| both together | %d | %d | %s |\n", s.expected, len(s.both), percent(s.expected-len(s.both), s.expected))
	b.WriteString("\n| what was broken, until the next was | times | faults | notifications | lost | told once more | firing to delivery p50, longest, s | samples that neither has |\n")
	b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, kind := range found.kinds() {
		t := by[kind]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %.1f, %.1f | %d |\n", kind, t.spells, t.faults, t.expected, t.lost, t.twice,
			quantile(t.delivery, 0.5), quantile(t.delivery, 1), t.unseen)
	}
	return b.String()
}

// availability writes how often each part answered, what follows for parts that fail on their own, and what was seen.
func (found *result) availability(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n| leg, in %d seconds | each part answered | one of them, if they failed independently | one of them, seen |\n", len(found.looks))
	b.WriteString("| --- | --- | --- | ---: |\n")
	row := func(name string, n int, part func(look) []bool) {
		var each, product string
		away := 1.0
		for i := range n {
			up := found.share(func(l look) bool { return part(l)[i] })
			away *= 1 - up
			each += fmt.Sprintf(", %.2f %%", 100*up)
			product += fmt.Sprintf(" × %.4f", 1-up)
		}
		seen := found.share(func(l look) bool { return slices.Contains(part(l), true) })
		fmt.Fprintf(b, "| %s | %s | 1 −%s = %.3f %% | %.3f %% |\n", name, each[2:], product[len(" ×"):], 100*(1-away), 100*seen)
	}
	row("scrape and evaluate: a Prometheus", prometheuses, func(l look) []bool { return l.prometheus })
	row("group and tell: an Alertmanager", members, func(l look) []bool { return l.alertmanagers })
	handing := found.share(func(l look) bool { return l.handing })
	fmt.Fprintf(b, "| hand over: a Prometheus that reaches an Alertmanager | | | %.3f %% |\n", 100*handing)
	for i, name := range told {
		fmt.Fprintf(b, "| the receiver %s, which nothing stands in for | | | %.3f %% |\n", name, 100*found.share(func(l look) bool { return l.receivers[i] }))
	}
}

// log is every notice, and every injection between.
func (found *result) log() string {
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	for _, s := range found.spells {
		lines = append(lines, line{s.began, "-- " + s.kind + " (" + s.name + ")"}, line{s.undone, "-- end of: " + s.kind})
	}
	for _, o := range found.outcomes() {
		if o.times == 0 {
			lines = append(lines, line{o.due, "LOST " + o.receiver + " " + o.status + " " + o.fault.server})
			continue
		}
		lines = append(lines, line{o.first.at, o.receiver + " " + o.status + " " + o.fault.server})
		for _, at := range o.again {
			lines = append(lines, line{at, "AGAIN " + o.receiver + " " + o.status + " " + o.fault.server})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var b bytes.Buffer
	for _, l := range lines {
		fmt.Fprintln(&b, l.at.Format("15:04:05.000"), l.text)
	}
	return b.String()
}

func percent(n, of int) string { return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(1, of))) }

// quantile is one of times, in seconds.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))].Seconds()
}
