// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"testing"
	"time"
)

func TestSizesAreComparedOnOneBasis(t *testing.T) {
	at := func(hours int, size, stored int64) Run {
		return Run{Kind: Full, Status: Success, End: time.Now().Add(-time.Duration(hours) * hour), Size: size, Stored: stored}
	}
	for name, test := range map[string]struct {
		runs []Run
		want sizes
	}{
		"too few":           {[]Run{at(1, 10, 1), at(2, 10, 1), at(3, 10, 1)}, sizes{repeats: 2}},
		"half":              {[]Run{at(1, 5, 1), at(2, 10, 1), at(3, 9, 1), at(4, 12, 1)}, sizes{usual: 10, spread: 1, ratio: 0.5, known: true}},
		"one is not known":  {[]Run{at(1, 0, 8), at(2, 10, 4), at(3, 9, 4), at(4, 12, 4)}, sizes{usual: 4, ratio: 2, known: true}},
		"repeats in a row":  {[]Run{at(1, 7, 3), at(2, 7, 3), at(3, 7, 3), at(4, 8, 3), at(5, 7, 3)}, sizes{usual: 7, ratio: 1, known: true, repeats: 2}},
		"failed ones aside": {[]Run{at(1, 7, 3), {Kind: Full, Status: Failed, End: time.Now(), Size: 1}}, sizes{}},
	} {
		if got := compareSizes(test.runs, Full); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
