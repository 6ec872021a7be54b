// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
	client, err := api.NewClient(api.Config{
		Address: l.prometheus[i].URL(), RoundTripper: &http.Transport{DisableKeepAlives: true},
	})
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

// compare adds one server. The scrapes of the two are paired, each with the other's of the same interval.
func (s *samples) compare(a, b []model.SamplePair, from, to time.Time) {
	first, second := dues(a, from, to), dues(b, from, to)
	n := min(len(first), len(second))
	s.expected += n
	for i := range n {
		inFirst, inSecond := near(a, first[i]), near(b, second[i])
		if !inFirst {
			s.missing[0]++
		}
		if !inSecond {
			s.missing[1]++
		}
		if !inFirst && !inSecond {
			s.both = append(s.both, first[i])
		}
	}
}

// dues are the moments of a Prometheus' scrapes, the last first.
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

func near(have []model.SamplePair, due time.Time) bool {
	return slices.ContainsFunc(have, func(one model.SamplePair) bool {
		return one.Timestamp.Time().Sub(due).Abs() < scrape/2
	})
}
