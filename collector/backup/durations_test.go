// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"testing"
	"time"
)

func TestDurationsAreComparedWithThoseBefore(t *testing.T) {
	now := time.Now()
	took := func(hours, minutes int) Run {
		end := now.Add(-time.Duration(hours) * time.Hour)
		return Run{Kind: Full, Status: Success, Start: end.Add(-time.Duration(minutes) * time.Minute), End: end}
	}
	unknown := Run{Kind: Full, Status: Success, End: now.Add(-time.Minute)}
	failed := Run{Kind: Full, Status: Failed, Start: now.Add(-time.Hour), End: now}
	for name, test := range map[string]struct {
		runs []Run
		want durations
	}{
		"too few":                 {[]Run{took(1, 10), took(2, 10), took(3, 10)}, durations{}},
		"twice as long":           {[]Run{took(1, 20), took(2, 10), took(3, 9), took(4, 12)}, durations{600, 60, 2, true}},
		"one before is not known": {[]Run{took(1, 5), {Kind: Full, Status: Success, End: now.Add(-90 * time.Minute)}, took(2, 10), took(3, 10), took(4, 10)}, durations{600, 0, .5, true}},
		"the newest is not known": {[]Run{unknown, took(2, 10), took(3, 10), took(4, 10), took(5, 10)}, durations{}},
		"failed ones aside":       {[]Run{failed, took(1, 10), took(2, 10), took(3, 10), took(4, 10)}, durations{600, 0, 1, true}},
	} {
		if got := compareDurations(test.runs, Full); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
