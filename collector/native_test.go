// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// decode reads spans and deltas back, as a scraper does.
func decode(d *dto.Histogram) map[int]int64 {
	counts := map[int]int64{}
	index, count, delta := int32(0), int64(0), 0
	for _, span := range d.PositiveSpan {
		index += span.GetOffset()
		for range span.GetLength() {
			count += d.PositiveDelta[delta]
			counts[int(index)] = count
			delta++
			index++
		}
	}
	return counts
}

func TestNativeBuckets(t *testing.T) {
	for name, buckets := range map[string]map[int]uint64{
		"none":        {},
		"one":         {0: 5},
		"gaps":        {-40: 1, -39: 7, -37: 2, 3: 1, 4: 100, 5: 1},
		"all at once": {1: 1, 2: 1, 3: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var d dto.Histogram
			(&Native{Schema: 3, Zero: 2, Buckets: buckets}).write(&d)
			got := decode(&d)
			if len(got) != len(buckets) || d.GetZeroCount() != 2 || len(d.PositiveSpan) == 0 {
				t.Fatalf("got %v, zero %d, %d spans", got, d.GetZeroCount(), len(d.PositiveSpan))
			}
			for i, want := range buckets {
				if got[i] != int64(want) {
					t.Errorf("bucket %d: %d, want %d", i, got[i], want)
				}
			}
		})
	}
}
