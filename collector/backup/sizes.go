// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"math"
	"slices"
)

const (
	// leastSizes is how many sizes it takes to say what is usual, mostSizes how many
	// are looked at.
	leastSizes = 3
	mostSizes  = 15
)

// sizes compares the newest successful backup with those before it.
type sizes struct {
	usual   float64 // median size of those before, in bytes
	spread  float64 // median of how far they are from it, in bytes
	ratio   float64 // the newest one's size to the usual one
	known   bool    // that there are enough of them
	repeats int     // how many before the newest have its very size, one after the other
}

// compareSizes looks at the sizes of the contents, where all of them are known, and
// else at what they take.
func compareSizes(runs []Run, kind Kind) sizes {
	good := newestGood(runs, kind)
	if len(good) < 2 {
		return sizes{}
	}
	size := func(r Run) int64 { return r.Size }
	if slices.ContainsFunc(good, func(r Run) bool { return r.Size == 0 }) {
		size = func(r Run) int64 { return r.Stored }
	}
	return compare(good, size)
}

// newestGood returns the successful backups, the newest first: one to compare and as
// many before it as are looked at.
func newestGood(runs []Run, kind Kind) []Run {
	good := slices.DeleteFunc(slices.Clone(runs), func(r Run) bool {
		return r.Status != Success || r.Kind != kind || r.End.IsZero()
	})
	slices.SortStableFunc(good, func(a, b Run) int { return b.End.Compare(a.End) })
	return good[:min(len(good), mostSizes+1)]
}

func compare(good []Run, size func(Run) int64) sizes {
	var s sizes
	newest, before := good[0], good[1:]
	var all []float64
	for i, r := range before {
		if s.repeats == i && r.Size == newest.Size && r.Stored == newest.Stored {
			s.repeats++
		}
		if size(r) > 0 {
			all = append(all, float64(size(r)))
		}
	}
	if len(all) < leastSizes || size(newest) == 0 {
		return s
	}
	s.usual, s.spread = middle(all)
	s.known = true
	s.ratio = float64(size(newest)) / s.usual
	return s
}

// middle returns the median and the median of how far the values are from it. It
// changes them.
func middle(values []float64) (usual, spread float64) {
	usual = median(values)
	for i := range values {
		values[i] = math.Abs(values[i] - usual)
	}
	return usual, median(values)
}

// median sorts the values.
func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
