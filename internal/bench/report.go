// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// report prints the measurements of two contestants and the first's share of
// the second's.
func report(out io.Writer, title string, m []measurement) {
	fmt.Fprintf(out, "\n  %s, %d scrapes each\n", title, len(m[0].times))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  \t%s\t%s\tratio\t\n", m[0].name, m[1].name)
	row := func(name, format string, value func(measurement) float64) {
		a, b := value(m[0]), value(m[1])
		ratio := "-"
		if b != 0 {
			ratio = fmt.Sprintf("%.2f", a/b)
		}
		fmt.Fprintf(w, "  %s\t"+format+"\t"+format+"\t%s\t\n", name, a, b, ratio)
	}
	row("scrape time p50, ms", "%.2f", func(m measurement) float64 { return m.quantile(0.5) })
	row("scrape time p99, ms", "%.2f", func(m measurement) float64 { return m.quantile(0.99) })
	row("CPU per scrape, ms", "%.2f", func(m measurement) float64 { return m.cpu * 1000 })
	row("allocations per scrape", "%.0f", func(m measurement) float64 { return m.mallocs })
	row("resident memory, MiB", "%.1f", func(m measurement) float64 { return m.resident / (1 << 20) })
	row("of that private, MiB", "%.1f", func(m measurement) float64 { return m.private / (1 << 20) })
	row("statements per scrape", "%.2f", func(m measurement) float64 { return m.statements })
	row("new connections per scrape", "%.2f", func(m measurement) float64 { return m.connections })
	row("answer on the wire, kB", "%.1f", func(m measurement) float64 { return float64(m.bytes) / 1000 })
	_ = w.Flush()
}

// quantile returns the q-quantile of the scrape times in milliseconds.
func (m measurement) quantile(q float64) float64 {
	i := min(int(q*float64(len(m.times))), len(m.times)-1)
	return float64(m.times[i]) / float64(time.Millisecond)
}
