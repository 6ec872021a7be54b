// SPDX-License-Identifier: Apache-2.0

package queries_test

import (
	"testing"
	"time"

	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/queries"
)

func TestViewsAreThoseOfGrafana(t *testing.T) {
	for _, tc := range []struct {
		from       string
		step, rate time.Duration
	}{
		{"now-5m", 15 * time.Second, time.Minute},
		{"now-3h", 15 * time.Second, time.Minute},
		{"now-24h", time.Minute, 75 * time.Second},
		{"now-7d", 10 * time.Minute, 10*time.Minute + 15*time.Second},
		{"now-30d", 30 * time.Minute, 30*time.Minute + 15*time.Second},
		{"now-1y", 3 * time.Hour, 3*time.Hour + 15*time.Second},
	} {
		v, err := queries.Last(time.Unix(1e9, 0), tc.from)
		if err != nil || v.Step() != tc.step || v.RateInterval() != tc.rate {
			t.Errorf("%s: step %v, rate interval %v (%v), want %v and %v", tc.from, v.Step(), v.RateInterval(), err, tc.step, tc.rate)
		}
	}
	if _, err := queries.Last(time.Now(), "yesterday"); err == nil {
		t.Error("a range of yesterday was understood")
	}
}

func TestFill(t *testing.T) {
	v, err := queries.Last(time.Unix(1e9, 0), "now-3h")
	if err != nil {
		t.Fatal(err)
	}
	const asked = `sum(increase(x{job=~"$job",instance=~"$instance|"}[$__range])) + rate(x[$__rate_interval])`
	if got, want := v.Fill(asked), `sum(increase(x{job=~".+",instance=~".+|"}[3h])) + rate(x[1m])`; got != want {
		t.Errorf("all: %s, want %s", got, want)
	}
	v.Job, v.Instance = "dbsync", "db1|db2"
	if got, want := v.Fill(asked), `sum(increase(x{job=~"dbsync",instance=~"db1|db2|"}[3h])) + rate(x[1m])`; got != want {
		t.Errorf("two: %s, want %s", got, want)
	}
}

func TestOfFindsWhatIsFolded(t *testing.T) {
	var folded, open, annotations int
	for _, q := range queries.Of(board.MySQL(board.English)) {
		switch {
		case q.Annotation:
			annotations++
		case q.Folded:
			folded++
		default:
			open++
		}
	}
	if folded == 0 || open == 0 || annotations == 0 {
		t.Errorf("%d folded, %d open queries and %d annotations", folded, open, annotations)
	}
}
