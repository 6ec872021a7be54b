// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"
)

// statusLike is a collector like mysql.status: many families of one series, and a
// few of many.
func statusLike() Definition {
	const plain, labelled = 150, 200
	var families []*Family
	for i := range plain {
		families = append(families, &Family{Name: fmt.Sprintf("test_status_%d", i), Help: "One of many.", Type: Untyped})
	}
	byCommand := &Family{Name: "test_commands_total", Help: "By command.", Type: Counter, Labels: []string{"command"}}
	names := make([]string, labelled)
	for i := range names {
		names[i] = fmt.Sprintf("command_%d", i)
	}
	return definition("a", func(_ context.Context, out *Sink) error {
		for _, f := range families {
			out.Emit(f, 1)
		}
		for _, name := range names {
			out.Emit(byCommand, 1, name)
		}
		return nil
	}, append([]*Family{byCommand}, families...)...)
}

func BenchmarkScrape(b *testing.B) {
	s, err := NewScraper(&Target{Name: "t"}, []Definition{statusLike()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Scrape(b.Context())
	}
}

// BenchmarkSnapshots measures what a series takes that is kept: those of a thousand
// targets are.
func BenchmarkSnapshots(b *testing.B) {
	d := statusLike()
	d.Every = time.Hour
	const targets, each = 100, 350
	for b.Loop() {
		before := heap()
		kept := make([]*Scraper, targets)
		for i := range kept {
			s, err := NewScraper(&Target{Name: "t"}, []Definition{d})
			if err != nil {
				b.Fatal(err)
			}
			s.units[0].refresh(b.Context())
			kept[i] = s
		}
		b.ReportMetric(float64(heap()-before)/targets/each, "B/series")
		runtime.KeepAlive(kept)
	}
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSeriesCostFewAllocations: the 350 series of a scrape are made in chunks, and
// take no allocation of their own.
func TestSeriesCostFewAllocations(t *testing.T) {
	s := newScraper(t, statusLike())
	const most = 110 // 86 when this was written
	if got := testing.AllocsPerRun(20, func() { s.Scrape(t.Context()) }); got > most {
		t.Errorf("%.0f allocations, want %d at most", got, most)
	}
}
