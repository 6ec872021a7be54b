// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

// What is forgotten here is not written, and its rule costs nothing when it is measured.
func TestReach(t *testing.T) {
	const exprs = `rate(requests_total{code="500"}[1h]) / rate(requests_total[5m])
		+ size offset 1w
		+ max_over_time(last_over_time(peak[1h] offset 2h)[1d:1h])`
	by, err := readings([]rulefile.Rule{{Rule: rulefmt.Rule{Expr: exprs}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		metric model.Metric
		want   time.Duration
		read   bool
	}{
		{model.Metric{"__name__": "requests_total", "code": "500"}, time.Hour, true},
		{model.Metric{"__name__": "requests_total", "code": "200"}, 5 * time.Minute, true},
		{model.Metric{"__name__": "size"}, 7 * 24 * time.Hour, true},
		{model.Metric{"__name__": "peak"}, 27 * time.Hour, true},
		{model.Metric{"__name__": "other"}, 0, false},
	} {
		if got, read := reachOf(c.metric, by); got != c.want || read != c.read {
			t.Errorf("%v is read back to %v (%v), want %v (%v)", c.metric, got, read, c.want, c.read)
		}
	}
}
