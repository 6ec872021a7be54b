// SPDX-License-Identifier: Apache-2.0

package backup

// durations compares how long the newest successful backup took with those before
// it.
type durations struct {
	usual  float64 // median of those before, in seconds
	spread float64 // median of how far they are from it, in seconds
	ratio  float64 // the newest one's to the usual one
	known  bool    // that there are enough of them
}

// compareDurations looks at the backups whose beginning is known.
func compareDurations(runs []Run, kind Kind) durations {
	var all []float64
	for i, r := range newestGood(runs, kind) {
		took := r.End.Sub(r.Start).Seconds()
		if r.Start.IsZero() || took <= 0 {
			if i == 0 {
				return durations{}
			}
			continue
		}
		all = append(all, took)
	}
	if len(all) < leastSizes+1 {
		return durations{}
	}
	newest := all[0]
	usual, spread := middle(all[1:])
	return durations{usual: usual, spread: spread, ratio: newest / usual, known: true}
}
