// SPDX-License-Identifier: Apache-2.0

package app

import (
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/easy-erp/dbsync/collector"
)

// bounds are the upper bounds of the response times, in seconds. None is an
// integer, which Prometheus 3 would spell in another way.
var bounds = [...]float64{.0025, .005, .01, .025, .05, .1, .25, .5, .75, 1.5, 2.5, 5.5, 10.5}

// schema of the native histograms: each bucket is 9 % wider than the one before.
const schema = 3

// histogram counts durations. The zero value is ready, without native buckets.
type histogram struct {
	Buckets [len(bounds) + 1]uint64 `json:"buckets"` // each by itself, the last above all bounds
	Sum     float64                 `json:"sum"`     // seconds
	// Native counts by index; nil: nobody wants them.
	Native map[int]uint64 `json:"native,omitempty"`
	Zero   uint64         `json:"zero,omitempty"`
}

func (h *histogram) observe(seconds float64) {
	h.Buckets[sort.SearchFloat64s(bounds[:], seconds)]++
	h.Sum += seconds
	switch {
	case h.Native == nil:
	case seconds <= collector.ZeroThreshold:
		h.Zero++
	default:
		h.Native[nativeIndex(seconds)]++
	}
}

// nativeIndex returns the index of the bucket that ends at or above the value.
func nativeIndex(value float64) int { return int(math.Ceil(math.Log2(value) * (1 << schema))) }

func (h *histogram) clone() histogram {
	copied := *h
	copied.Native = maps.Clone(h.Native)
	return copied
}

// empty reports whether nothing was ever observed.
func (h *histogram) empty() bool {
	return !slices.ContainsFunc(h.Buckets[:], func(n uint64) bool { return n > 0 })
}

func (h *histogram) export() collector.Histogram {
	out := collector.Histogram{Sum: h.Sum}
	for i, bound := range bounds {
		out.Count += h.Buckets[i]
		out.Buckets = append(out.Buckets, collector.Bucket{Le: bound, Cumulative: out.Count})
	}
	out.Count += h.Buckets[len(bounds)]
	if h.Native != nil {
		out.Native = &collector.Native{Schema: schema, Zero: h.Zero, Buckets: h.Native}
	}
	return out
}
