// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/stack"
)

const (
	settle  = 75 * time.Second // until the background collectors and rules have run
	between = 15 * time.Second // two looks, which tell what rises
	fastest = model.Duration(time.Second)
)

// sample is a series of the template and how it goes.
type sample struct {
	metric model.Metric
	kind   backfill.Kind
	level  float64
}

// takeTemplate runs the system with a few things broken and takes all series of
// its Prometheus.
func takeTemplate(ctx context.Context) (_ []sample, err error) {
	monitoring, err := sandbox.FindPrometheus(sandbox.New)
	if err != nil {
		return nil, err
	}
	s, err := stack.Start(ctx, stack.Options{
		FreePorts: true, Pace: 0.01, Programs: stack.Programs{Prometheus: monitoring}, BackupEvery: 10 * time.Second,
		Values: func(v *render.Values) {
			v.Prometheus.ScrapeInterval, v.Prometheus.EvaluationInterval = fastest, fastest
			v.Rules.Scale = 0.1
		},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	for _, fault := range []string{"migration", "locks"} {
		if err := s.Break(ctx, fault); err != nil {
			return nil, err
		}
	}
	client, err := api.NewClient(api.Config{Address: s.PrometheusURL()})
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, settle); err != nil {
		return nil, err
	}
	first, err := look(ctx, prometheus.NewAPI(client))
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, between); err != nil {
		return nil, err
	}
	second, err := look(ctx, prometheus.NewAPI(client))
	if err != nil {
		return nil, err
	}
	return compare(first, second), nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func look(ctx context.Context, client prometheus.API) (model.Vector, error) {
	result, _, _, err := client.Query(ctx, `{__name__=~".+"}`, time.Time{})
	if err != nil {
		return nil, err
	}
	vector, ok := result.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("a %s, want a vector", result.Type())
	}
	return vector, nil
}

// compare tells how each series goes. Levels are powers of two, so that few
// shapes stand for all.
func compare(first, second model.Vector) []sample {
	before := map[model.Fingerprint]float64{}
	for _, s := range first {
		before[s.Metric.Fingerprint()] = float64(s.Value)
	}
	var all []sample
	for _, s := range second {
		was, known := before[s.Metric.Fingerprint()]
		now := float64(s.Value)
		one := sample{metric: s.Metric, kind: backfill.Constant, level: now}
		switch {
		case isCounter(string(s.Metric[model.MetricNameLabel])) || known && now > was && now < 1e9 && was > 0 && isStatus(s.Metric):
			one.kind, one.level = backfill.Rising, power(max((now-was)/between.Seconds(), 0))
		case known && now != was && now < 1e9:
			one.kind, one.level = backfill.Wavering, power(now)
		}
		all = append(all, one)
	}
	return all
}

func power(v float64) float64 {
	if v <= 0 {
		return 0
	}
	return math.Exp2(math.Round(math.Log2(v)))
}
