// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// dimension is something that grows, with the sizes at which it is looked at.
type dimension struct {
	name  string
	sizes []int
	grow  func(*ground, context.Context, int) error // to a size, from any smaller one
	// grown tells whether the exporter has seen it all.
	grown func(families metrics, size int) bool
}

// point is what a scrape of everything is like at one size.
type point struct {
	size     int
	p50, p99 float64 // milliseconds
	series   int
	dropped  float64
	slowest  string  // background collector
	took     float64 // its seconds
	resident float64 // bytes
}

// curve is what becomes of the scrape of one kind of server.
type curve struct {
	dimension string
	server    string
	points    []point
}

// growth measures all dimensions, or only one, on both servers.
func (b *bench) growth(ctx context.Context, only string) ([]curve, error) {
	var curves []curve
	for _, d := range dimensions() {
		if only != "" && only != d.name {
			continue
		}
		for _, find := range []func() (sandbox.Program, error){sandbox.FindMariaDB, sandbox.FindMySQL} {
			program, err := find()
			if err != nil {
				return nil, err
			}
			c, err := b.grow(ctx, d, program)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.name, err)
			}
			curves = append(curves, c)
		}
	}
	return curves, nil
}

func (b *bench) grow(ctx context.Context, d dimension, program sandbox.Program) (c curve, err error) {
	g, err := newGround(ctx, program)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, g.remove()) }()
	c = curve{dimension: d.name, server: string(g.server.Kind())}
	for _, size := range d.sizes {
		if err := d.grow(g, ctx, size); err != nil {
			return c, err
		}
		p, err := b.at(ctx, g, d, size)
		if err != nil {
			return c, fmt.Errorf("%s, size %d: %w", c.server, size, err)
		}
		fmt.Fprintf(b.out, "%s, %s %d: p50 %.1f ms, p99 %.1f ms, %d series\n", c.server, d.name, size, p.p50, p.p99, p.series)
		c.points = append(c.points, p)
	}
	return c, nil
}

// at starts the exporter anew, waits until it has seen everything, and scrapes it.
func (b *bench) at(ctx context.Context, g *ground, d dimension, size int) (p point, err error) {
	service, err := startDBSync(ctx, b.exporter, g.account, g.config(), b.flags()...)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, service.Stop()) }()
	families, err := settled(ctx, service, func(m metrics) bool { return d.grown(m, size) })
	if err != nil {
		return p, err
	}
	p = point{size: size, series: families.series()}
	for _, m := range families.of("dbsync_series_dropped") {
		p.dropped += m.GetGauge().GetValue()
	}
	p.slowest, p.took = families.slowestInBackground()
	m, err := compare(ctx, nil, []contestant{ours(service, "")}, b.scrapes)
	if err != nil {
		return p, err
	}
	p.p50, p.p99, p.resident = m[0].quantile(0.5), m[0].quantile(0.99), m[0].resident
	return p, nil
}

// settleTimeout is longer than the slowest background collector takes.
const settleTimeout = 3 * time.Minute

// settled waits until every background collector has collected and what is wanted
// is there, and returns what was scraped.
func settled(ctx context.Context, service *sandbox.Service, done func(metrics) bool) (metrics, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, errors.New("the exporter does not see what is there"))
	defer cancel()
	for {
		families, err := scrapeFamilies(ctx, service)
		if err != nil {
			return nil, errors.Join(err, context.Cause(ctx))
		}
		if families.allCollected() && done(families) {
			return families, nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// metrics are the families of a scrape by name.
type metrics map[string]*dto.MetricFamily

func scrapeFamilies(ctx context.Context, service *sandbox.Service) (metrics, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, service.URL()+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	_, _ = io.Copy(io.Discard, response.Body)
	return families, err
}

func (m metrics) of(name string) []*dto.Metric { return m[name].GetMetric() }

func (m metrics) series() (n int) {
	for _, f := range m {
		n += len(f.Metric)
	}
	return n
}

// allCollected reports whether every background collector has a snapshot or does
// not apply.
func (m metrics) allCollected() bool {
	done := map[string]bool{}
	for _, name := range []string{"dbsync_collector_snapshot_timestamp_seconds", "dbsync_collector_skipped"} {
		for _, one := range m.of(name) {
			done[label(one, "collector")] = true
		}
	}
	all := m.of("dbsync_collector_snapshot_interval_seconds")
	for _, one := range all {
		if !done[label(one, "collector")] {
			return false
		}
	}
	return len(all) > 0
}

// slowestInBackground returns the background collector that took the longest.
func (m metrics) slowestInBackground() (name string, seconds float64) {
	background := map[string]bool{}
	for _, one := range m.of("dbsync_collector_snapshot_interval_seconds") {
		background[label(one, "collector")] = true
	}
	for _, one := range m.of("dbsync_collector_duration_seconds") {
		if took := one.GetGauge().GetValue(); background[label(one, "collector")] && took > seconds {
			name, seconds = label(one, "collector"), took
		}
	}
	return name, seconds
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.Label {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
