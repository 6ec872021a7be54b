// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// samples counts what the two Prometheus have of the servers' reachability.
type samples struct {
	expected int // of each Prometheus
	missing  [prometheuses]int
	both     []time.Time // when neither of them has one
}

func (l *layout) ask(ctx context.Context, i int, query string) (model.Value, error) {
	client, err := api.NewClient(api.Config{Address: l.prometheus[i].URL()})
	if err != nil {
		return nil, err
	}
	value, _, _, err := prometheus.NewAPI(client).Query(ctx, query, time.Now())
	return value, err
}

// scraped is how many servers a Prometheus has scraped.
func (l *layout) scraped(ctx context.Context, i int) (int, error) {
	value, err := l.ask(ctx, i, `dbsync_mysql_reachable{job="dbsync_probe"}`)
	if err != nil {
		return 0, err
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return 0, fmt.Errorf("an answer of type %s", value.Type())
	}
	return len(vector), nil
}

// samples compares what is there with one sample of each server in each interval. A Prometheus scrapes a server at the
// same moment of every interval, also after a restart, so that the last sample says when all others were due.
func (l *layout) samples(ctx context.Context, servers []string, from, to time.Time) (samples, error) {
	var s samples
	var have [prometheuses]map[model.LabelValue][]model.SamplePair
	for i := range have {
		query := fmt.Sprintf(`dbsync_mysql_reachable{job="dbsync_probe"}[%ds]`, int(time.Since(from).Seconds())+1)
		value, err := l.ask(ctx, i, query)
		if err != nil {
			return s, err
		}
		matrix, ok := value.(model.Matrix)
		if !ok {
			return s, fmt.Errorf("an answer of type %s", value.Type())
		}
		have[i] = map[model.LabelValue][]model.SamplePair{}
		for _, series := range matrix {
			have[i][series.Metric["instance"]] = series.Values
		}
	}
	for _, name := range servers {
		s.compare(have[0][model.LabelValue(name)], have[1][model.LabelValue(name)], from, to)
	}
	return s, nil
}

func (s *samples) compare(a, b []model.SamplePair, from, to time.Time) {
	for i, own := range [][]model.SamplePair{a, b} {
		due := dues(own, from, to)
		if i == 0 {
			s.expected += len(due)
		}
		other := [][]model.SamplePair{b, a}[i]
		for _, t := range due {
			if near(own, t, scrape/2) {
				continue
			}
			s.missing[i]++
			// Half an interval and what a busy machine is late by.
			if i == 0 && !near(other, t, scrape*6/10) {
				s.both = append(s.both, t)
			}
		}
	}
}

// dues are the moments of an interval's scrapes.
func dues(have []model.SamplePair, from, to time.Time) []time.Time {
	if len(have) == 0 {
		return nil
	}
	var all []time.Time
	for t := have[len(have)-1].Timestamp.Time(); t.After(from); t = t.Add(-scrape) {
		if t.Before(to) {
			all = append(all, t)
		}
	}
	return all
}

func near(have []model.SamplePair, t time.Time, within time.Duration) bool {
	for _, one := range have {
		if d := one.Timestamp.Time().Sub(t).Abs(); d <= within {
			return true
		}
	}
	return false
}
