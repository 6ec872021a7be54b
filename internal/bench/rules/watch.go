// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// look is how often Prometheus is asked how long its groups took: oftener than the shortest interval.
const look = 4 * time.Second

// watched is a Prometheus with the shipped rules and a fleet.
type watched struct {
	service *sandbox.Service
	process procfs.Proc
}

// start starts Prometheus in a folder that may hold a past, with the shipped files for this fleet. Whoever starts it
// stops it.
func start(ctx context.Context, edition sandbox.Edition, dir string, f *fleet) (*watched, error) {
	program, err := sandbox.FindPrometheus(edition)
	if err != nil {
		return nil, err
	}
	values := render.Values{Prometheus: render.Prometheus{
		Exporter: f.address(), Instance: f.names[0], Targets: f.names[1:], Alertmanagers: []string{f.address()},
	}}
	for _, name := range append(render.Seed(), "watchdog") {
		if values.Alertmanager.Receivers == nil {
			values.Alertmanager.Receivers = map[string]render.Receiver{}
		}
		values.Alertmanager.Receivers[name] = render.Receiver{Webhook: &render.Webhook{URL: "http://" + f.address()}}
	}
	if _, err := render.Write(dir, pack.Source(), values); err != nil {
		return nil, err
	}
	service, err := sandbox.StartService(ctx, sandbox.ServiceOptions{
		Program: program, Ready: "/-/ready",
		Arguments: func(address, _ string) []string {
			return []string{
				"--config.file=" + filepath.Join(dir, "prometheus", "prometheus.yml"),
				"--storage.tsdb.path=" + dataOf(dir), "--storage.tsdb.retention.time=90d",
				"--web.listen-address=" + address,
			}
		},
	})
	if err != nil {
		return nil, err
	}
	process, err := procfs.NewProc(service.PID())
	return &watched{service, process}, errors.Join(err, ctx.Err())
}

func dataOf(dir string) string { return filepath.Join(dir, "data") }

// metrics are Prometheus' own.
func (w *watched) metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.service.URL()+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

// groupOf is the group of one of the metrics of groups, whose label is its file and its name.
func groupOf(m *dto.Metric) string {
	for _, label := range m.GetLabel() {
		if label.GetName() == "rule_group" {
			_, name, _ := strings.Cut(label.GetValue(), ";")
			return name
		}
	}
	return ""
}

// result is what was seen.
type result struct {
	version          string
	cost             map[string]time.Duration   // processor time of all expressions, by group
	slowest          []cost                     // rules
	peak             float64                    // bytes resident while they were asked
	took             map[string][]time.Duration // of each evaluation, by group
	interval         map[string]time.Duration
	missed           map[string]float64
	rules            map[string]float64
	series, resident float64 // in the head, and bytes
	cpu              float64 // cores
}

func newResult() *result {
	return &result{
		took: map[string][]time.Duration{}, interval: map[string]time.Duration{}, missed: map[string]float64{}, rules: map[string]float64{},
		cost: map[string]time.Duration{},
	}
}

// observe looks at the groups for a time.
func (w *watched) observe(ctx context.Context, long time.Duration, r *result) error {
	last := map[string]float64{}
	before, err := w.process.Stat()
	if err != nil {
		return err
	}
	began := time.Now()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for time.Since(began) < long {
		families, err := w.metrics(ctx)
		if err != nil {
			return err
		}
		r.add(families, last)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.service.Done():
			return fmt.Errorf("the Prometheus ended: %s", w.service.Output())
		case <-tick.C:
		}
	}
	after, err := w.process.Stat()
	if err != nil {
		return err
	}
	r.cpu = (after.CPUTime() - before.CPUTime()) / time.Since(began).Seconds()
	return nil
}

// add takes in one look; last is when each group's evaluation began that was seen before.
func (r *result) add(families map[string]*dto.MetricFamily, last map[string]float64) {
	when := map[string]float64{}
	for _, m := range families["prometheus_rule_group_last_evaluation_timestamp_seconds"].GetMetric() {
		when[groupOf(m)] = m.GetGauge().GetValue()
	}
	for _, m := range families["prometheus_rule_group_last_duration_seconds"].GetMetric() {
		group, took := groupOf(m), m.GetGauge().GetValue()
		if when[group] > 0 && took > 0 && when[group] != last[group] {
			r.took[group] = append(r.took[group], time.Duration(took*float64(time.Second)))
			last[group] = when[group]
		}
	}
	for _, m := range families["prometheus_rule_group_interval_seconds"].GetMetric() {
		r.interval[groupOf(m)] = time.Duration(m.GetGauge().GetValue() * float64(time.Second))
	}
	for _, m := range families["prometheus_rule_group_rules"].GetMetric() {
		r.rules[groupOf(m)] = m.GetGauge().GetValue()
	}
	for _, m := range families["prometheus_rule_group_iterations_missed_total"].GetMetric() {
		r.missed[groupOf(m)] = m.GetCounter().GetValue()
	}
	one := func(name string) float64 {
		for _, m := range families[name].GetMetric() {
			return m.GetGauge().GetValue() + m.GetUntyped().GetValue() + m.GetCounter().GetValue()
		}
		return 0
	}
	r.series = one("prometheus_tsdb_head_series")
	r.resident = max(r.resident, one("process_resident_memory_bytes"))
}
