// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"fmt"
)

// growthTable is the figures of all curves.
func growthTable(curves []curve) string {
	var b bytes.Buffer
	b.WriteString("| what grows | server | size | p50, ms | p99, ms | series | dropped | slowest in the background | resident, MiB |\n")
	b.WriteString("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |\n")
	for _, c := range curves {
		for _, p := range c.points {
			fmt.Fprintf(&b, "| %s | %s | %d | %.1f | %.1f | %d | %.0f | %s %.2f s | %.0f |\n",
				c.dimension, c.server, p.size, p.p50, p.p99, p.series, p.dropped, p.slowest, p.took, p.resident/(1<<20))
		}
	}
	return b.String()
}
