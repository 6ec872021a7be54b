// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// table is the figures as Markdown, the group with the largest share of its interval first.
func (r *result) table(instances, live int) string {
	groups := slices.SortedFunc(maps.Keys(r.cost), func(a, b string) int { return cmp.Compare(r.share(b), r.share(a)) })
	all := 0.0
	for _, group := range groups {
		all += r.share(group)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\nPrometheus %s. %d servers: all rules take %.2f of a core, %.0f MiB are resident while they are asked.",
		r.version, instances, all, r.peak/(1<<20))
	if live > 0 {
		fmt.Fprintf(&text, " Live, %d servers: %.0f series, %.0f MiB resident at most, %.2f cores with the scrapes%s.",
			live, r.series, r.resident/(1<<20), r.cpu, load())
	}
	fmt.Fprintf(&text, "\n\n| group | interval | rules | processor time, s | of the interval | live p50, s | live longest, s | missed |\n")
	text.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, group := range groups {
		fmt.Fprintf(&text, "| %s | %s | %.0f | %.2f | %.1f %% |", group, model.Duration(r.interval[group]), r.rules[group], r.cost[group].Seconds(), 100*r.share(group))
		if took := r.took[group]; len(took) > 0 {
			fmt.Fprintf(&text, " %.2f | %.2f | %.0f |\n", median(took).Seconds(), slices.Max(took).Seconds(), r.missed[group])
		} else {
			text.WriteString(" | | |\n")
		}
	}
	text.WriteString("\nThe rules that take most of their intervals:\n\n| group | rule | processor time, s |\n| --- | --- | ---: |\n")
	for _, c := range r.slowest[:min(len(r.slowest), 5)] {
		fmt.Fprintf(&text, "| %s | %s | %.2f |\n", c.rule.Group, cmp.Or(c.rule.Record, c.rule.Alert), c.took.Seconds())
	}
	return text.String()
}

func (r *result) share(group string) float64 {
	return float64(r.cost[group]) / float64(r.interval[group])
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// load says what else the machine did.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text))
	return "; load average of the machine " + fields[1]
}
