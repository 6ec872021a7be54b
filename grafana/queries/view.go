// SPDX-License-Identifier: Apache-2.0

package queries

import (
	"context"
	"fmt"
	"strings"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// What Grafana makes of a time range.
const (
	scrapeInterval  = 15 * time.Second // timeInterval in provisioning/datasources
	annotationStep  = time.Minute
	points          = 1000  // about the pixels of a graph that takes half of a wide screen
	maxPoints       = 11000 // Prometheus refuses more
	rateOfIntervals = 4
)

// steps are what Grafana rounds a step to; each holds until the limit beside it.
var steps = []struct{ until, step time.Duration }{
	{17500 * time.Millisecond, 15 * time.Second},
	{25 * time.Second, 20 * time.Second},
	{45 * time.Second, 30 * time.Second},
	{90 * time.Second, time.Minute},
	{210 * time.Second, 2 * time.Minute},
	{450 * time.Second, 5 * time.Minute},
	{750 * time.Second, 10 * time.Minute},
	{1050 * time.Second, 15 * time.Minute},
	{1500 * time.Second, 20 * time.Minute},
	{2700 * time.Second, 30 * time.Minute},
	{5400 * time.Second, time.Hour},
	{9000 * time.Second, 2 * time.Hour},
}

// View is what a reader looks at.
type View struct {
	From, To      time.Time
	Job, Instance string // regular expressions; empty: all
}

// Last is the time before now that a relative range such as now-3h begins at.
func Last(now time.Time, from string) (View, error) {
	span, err := model.ParseDuration(strings.TrimPrefix(from, "now-"))
	return View{From: now.Add(-time.Duration(span)), To: now}, err
}

// Step is the distance between two points of a graph.
func (v View) Step() time.Duration {
	wanted := max(v.span()/points, scrapeInterval)
	for _, s := range steps {
		if wanted < s.until {
			return s.step
		}
	}
	return 3 * time.Hour
}

// RateInterval is what $__rate_interval stands for.
func (v View) RateInterval() time.Duration {
	return max(v.Step()+scrapeInterval, rateOfIntervals*scrapeInterval)
}

func (v View) span() time.Duration { return v.To.Sub(v.From) }

// Fill replaces the variables of a query.
func (v View) Fill(expr string) string {
	orAll := func(s string) string {
		if s == "" {
			return dash.All
		}
		return s
	}
	return strings.NewReplacer(
		"$__rate_interval", model.Duration(v.RateInterval()).String(),
		"$__range", model.Duration(v.span().Round(time.Second)).String(),
		"$job", orAll(v.Job), "$instance", orAll(v.Instance),
	).Replace(expr)
}

// Ask puts the query to Prometheus and returns how many series came back.
func (v View) Ask(ctx context.Context, api prometheus.API, q Query) (int, error) {
	result, err := v.ask(ctx, api, q)
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", q, err, v.Fill(q.Expr))
	}
	switch r := result.(type) {
	case model.Vector:
		return len(r), nil
	case model.Matrix:
		return len(r), nil
	}
	return 0, fmt.Errorf("%s: a %s, want series", q, result.Type())
}

func (v View) ask(ctx context.Context, api prometheus.API, q Query) (model.Value, error) {
	expr := v.Fill(q.Expr)
	if q.Instant {
		result, _, _, err := api.Query(ctx, expr, v.To)
		return result, err
	}
	step := v.Step()
	if q.Annotation {
		step = max(annotationStep, (v.span()/maxPoints).Truncate(time.Second)+time.Second)
	}
	result, _, _, err := api.QueryRange(ctx, expr, prometheus.Range{Start: v.From, End: v.To, Step: step})
	return result, err
}
