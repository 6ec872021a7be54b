// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// write adds the sparse buckets in their form on the wire: spans of consecutive
// buckets, and each count as its difference from the one before.
func (n *Native) write(d *dto.Histogram) {
	threshold := ZeroThreshold
	d.Schema, d.ZeroThreshold, d.ZeroCount = &n.Schema, &threshold, &n.Zero
	next, last := 0, int64(0)
	for _, i := range slices.Sorted(maps.Keys(n.Buckets)) {
		if len(d.PositiveSpan) == 0 || i != next {
			offset := int32(i - next) // indexes of float64 are small
			d.PositiveSpan = append(d.PositiveSpan, &dto.BucketSpan{Offset: &offset, Length: new(uint32)})
		}
		span := d.PositiveSpan[len(d.PositiveSpan)-1]
		*span.Length++
		count := int64(n.Buckets[i]) // nobody counts that far
		d.PositiveDelta = append(d.PositiveDelta, count-last)
		next, last = i+1, count
	}
	if len(d.PositiveSpan) == 0 { // without a span it would not be known as native
		d.PositiveSpan = []*dto.BucketSpan{{Offset: new(int32), Length: new(uint32)}}
	}
}
