// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"testing"

	"github.com/easy-erp/dbsync/collector"
)

// BenchmarkCollect scrapes the machine itself, with processes to look for.
func BenchmarkCollect(b *testing.B) {
	target := &collector.Target{Name: "b"}
	def := Definition(Options{Processes: []string{"mysqld", "mariadbd"}, Paths: []Path{{"datadir", "/"}}})
	s, err := collector.NewScraper(target, []collector.Definition{def})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Scrape(b.Context())
	}
}
