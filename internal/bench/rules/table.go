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
)

// table is the figures as Markdown, the group with the largest share of its interval first.
func (r *result) table(instances int) string {
	groups := slices.SortedFunc(maps.Keys(r.took), func(a, b string) int { return cmp.Compare(r.share(b), r.share(a)) })
	var text strings.Builder
	fmt.Fprintf(&text, "\nPrometheus %s, %d servers: %.0f series, %.0f MiB resident at most, %.2f cores, scrapes included%s.\n\n",
		r.version, instances, r.series, r.resident/(1<<20), r.cpu, load())
	text.WriteString("| group | interval | rules | evaluations | p50, s | longest, s | p50 of the interval | missed |\n")
	text.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, group := range groups {
		took := r.took[group]
		fmt.Fprintf(&text, "| %s | %s | %.0f | %d | %.2f | %.2f | %.1f %% | %.0f |\n",
			group, r.interval[group], r.rules[group], len(took), median(took).Seconds(), slices.Max(took).Seconds(), 100*r.share(group), r.missed[group])
	}
	return text.String()
}

func (r *result) share(group string) float64 {
	return float64(median(r.took[group])) / float64(r.interval[group])
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
