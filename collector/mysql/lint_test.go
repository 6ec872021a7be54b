// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"maps"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// lint fails the test for every name, help or type that promlint objects to.
func lint(t testing.TB, f families) {
	t.Helper()
	problems, err := promlint.NewWithMetricFamilies(slices.Collect(maps.Values(f))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("promlint: %s: %s", p.Metric, p.Text)
	}
}
