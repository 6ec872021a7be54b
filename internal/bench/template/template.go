// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package template takes what one server has of a system that runs, as the mould of a fleet's.
package template

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
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

// Sample is a series of the template and how it goes.
type Sample struct {
	Metric model.Metric
	Kind   backfill.Kind
	Level  float64
}

// Take runs the system (dbsyncctl up) for two minutes with these things broken and takes all series of its Prometheus.
func Take(ctx context.Context, backupEvery time.Duration, faults ...string) (_ []Sample, err error) {
	monitoring, err := sandbox.FindPrometheus(sandbox.New)
	if err != nil {
		return nil, err
	}
	s, err := stack.Start(ctx, stack.Options{
		FreePorts: true, Pace: 0.01, Programs: stack.Programs{Prometheus: monitoring}, BackupEvery: backupEvery,
		Values: func(v *render.Values) {
			v.Prometheus.ScrapeInterval, v.Prometheus.EvaluationInterval = fastest, fastest
			v.Rules.Scale = 0.1
		},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	for _, fault := range faults {
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
func compare(first, second model.Vector) []Sample {
	before := map[model.Fingerprint]float64{}
	for _, s := range first {
		before[s.Metric.Fingerprint()] = float64(s.Value)
	}
	var all []Sample
	for _, s := range second {
		was, known := before[s.Metric.Fingerprint()]
		now := float64(s.Value)
		one := Sample{Metric: s.Metric, Kind: backfill.Constant, Level: now}
		switch {
		case IsCounter(string(s.Metric[model.MetricNameLabel])) || known && now > was && now < 1e9 && was > 0 && isStatus(s.Metric):
			one.Kind, one.Level = backfill.Rising, power(max((now-was)/between.Seconds(), 0))
		case known && now != was && now < 1e9:
			one.Kind, one.Level = backfill.Wavering, power(now)
		}
		all = append(all, one)
	}
	return all
}

// IsCounter tells a counter by its name.
func IsCounter(name string) bool {
	for _, suffix := range []string{"_total", "_bucket", "_sum", "_count"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// isStatus tells the server's own counters, whose names do not.
func isStatus(m model.Metric) bool {
	return strings.HasPrefix(string(m[model.MetricNameLabel]), "mysql_global_status_")
}

// copies are how many of a thing a server of the fleet has where the template's machine has one or two.
var copies = map[model.LabelName]int{"cpu": 8, "schema": 4, "backup": 2}

// Multiply returns a series once, or as often as a larger server has it.
func Multiply(m model.Metric) []model.Metric {
	for label, n := range copies {
		if _, ok := m[label]; !ok {
			continue
		}
		var all []model.Metric
		for i := range n {
			one := m.Clone()
			if one[label] += model.LabelValue(fmt.Sprint("-", i)); label == "cpu" {
				one[label] = model.LabelValue(fmt.Sprint(i))
			}
			all = append(all, one)
		}
		return all
	}
	return []model.Metric{m}
}

func power(v float64) float64 {
	if v <= 0 {
		return 0
	}
	return math.Exp2(math.Round(math.Log2(v)))
}
