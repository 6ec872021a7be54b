// SPDX-License-Identifier: Apache-2.0

package app

import (
	"math"
	"testing"
)

func TestNativeIndex(t *testing.T) {
	factor := math.Exp2(1. / (1 << schema))
	for _, value := range []float64{1e-9, .0001, .25, .3, 1, 1.0001, 8, 1e6} {
		i := float64(nativeIndex(value))
		if lower, upper := math.Pow(factor, i-1), math.Pow(factor, i); value <= lower*(1-1e-12) || value > upper*(1+1e-12) {
			t.Errorf("%v is not in (%v, %v]", value, lower, upper)
		}
	}
}
