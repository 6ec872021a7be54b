// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backfill_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// TestServersReadWhatWasWritten starts the oldest and the newest Prometheus on a
// folder of nine days, more than one block, and asks for all of it.
func TestServersReadWhatWasWritten(t *testing.T) {
	const interval = time.Minute
	to := time.Now().Truncate(time.Minute)
	from := to.Add(-9 * 24 * time.Hour)
	gauge := backfill.Shape{Interval: interval, Kind: backfill.Wavering, Level: 100}
	series := []backfill.Series{
		{Labels: labels.FromStrings("__name__", "rising_total", "instance", "db1"), Shape: backfill.Shape{Interval: interval, Kind: backfill.Rising, Level: 10}},
		{Labels: labels.FromStrings("__name__", "constant"), Shape: backfill.Shape{Interval: interval, Level: 7}},
		{Labels: labels.FromStrings("__name__", "level", "instance", "db2"), Shape: gauge},
		{Labels: labels.FromStrings("__name__", "level", "instance", "db1"), Shape: gauge},
	}
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			if err := backfill.Write(t.Context(), data, from, to, series); err != nil {
				t.Fatal(err)
			}
			client := serve(t, edition, data)
			for query, want := range map[string]float64{
				`sum(count_over_time(level[10d]))`:                           2 * 9 * 24 * 60,
				`count(constant == 7)`:                                       1,
				`count(level)`:                                               2,
				`count_over_time(rising_total[10d])`:                         9 * 24 * 60,
				`round(avg_over_time(level{instance="db1"}[9d]) / 100, 0.1)`: 1,
				`round(rate(rising_total[2d]), 1)`:                           10,
				`resets(rising_total[8d])`:                                   0,
			} {
				got, _, _, err := client.Query(t.Context(), query, to)
				vector, ok := got.(model.Vector)
				if err != nil || !ok || len(vector) != 1 || float64(vector[0].Value) != want {
					t.Errorf("%s is %v (%v), want %g", query, got, err, want)
				}
			}
		})
	}
}

func serve(t *testing.T, edition sandbox.Edition, data string) prometheus.API {
	t.Helper()
	program, err := sandbox.FindPrometheus(edition)
	options, err := backfill.Serve(sandbox.ServiceOptions{Program: testenv.Require(t, program, err)}, data)
	if err != nil {
		t.Fatal(err)
	}
	service := testenv.Service(t, options)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := api.NewClient(api.Config{Address: service.URL(), RoundTripper: transport})
	if err != nil {
		t.Fatal(err)
	}
	return prometheus.NewAPI(client)
}

func TestASeriesTwiceIsRefused(t *testing.T) {
	one := backfill.Series{Labels: labels.FromStrings("__name__", "level"), Shape: backfill.Shape{Interval: time.Minute}}
	now := time.Now()
	if err := backfill.Write(t.Context(), t.TempDir(), now.Add(-time.Hour), now, []backfill.Series{one, one}); fmt.Sprint(err) != `twice: {__name__="level"}` {
		t.Errorf("error %v", err)
	}
}
