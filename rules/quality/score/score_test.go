// SPDX-License-Identifier: Apache-2.0

package score

import (
	"math"
	"testing"
)

// The bounds that statistics' tables have.
func TestUpper(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want float64
	}{
		{0, 10, .3085}, {1, 10, .4450}, {0, 3000, .00123}, {5, 100, .1128}, {10, 10, 1}, {0, 0, 1},
	} {
		if got := Upper(c.k, c.n); math.Abs(got-c.want) > .0005 {
			t.Errorf("%d of %d: at most %.4f, want %.4f", c.k, c.n, got, c.want)
		}
	}
}
