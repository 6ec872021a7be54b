// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/bench/template"
	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
)

const (
	scrapeInterval = 10 * time.Second // that of the shipped prometheus.yml
	aDay           = 24 * time.Hour
	coarse         = 5 * time.Minute // steps of what was scraped more than a day ago
)

// edges are where a part of the time before now ends and the next begins: in each one is what the rules read there, so
// that no more is written than they read.
var edges = []time.Duration{25 * time.Hour, 2 * time.Hour, 15 * time.Minute}

// past is a fleet's time before the measurement.
type past struct {
	read      map[string][]reading
	intervals map[string]time.Duration // of recording rules
	days      int
	out       io.Writer
}

// remembered is a series of one server and how far back it is read.
type remembered struct {
	template.Sample
	reach, interval time.Duration
}

func newPast(shipped []rulefile.Rule, days int, out io.Writer) (*past, error) {
	read, err := readings(shipped)
	if err != nil {
		return nil, err
	}
	p := &past{read: read, intervals: map[string]time.Duration{}, days: days, out: out}
	for _, r := range shipped {
		p.intervals[r.Record] = time.Duration(r.Interval)
	}
	return p, nil
}

func isRecorded(s template.Sample) bool {
	return strings.Contains(string(s.Metric[model.MetricNameLabel]), ":")
}

// scraped are the series that the exporter gives and a rule reads, as often as a larger server has them.
func (p *past) scraped(taken []template.Sample) []template.Sample {
	seen := map[model.Fingerprint]bool{}
	var all []template.Sample
	for _, s := range taken {
		name := s.Metric[model.MetricNameLabel]
		if _, read := reachOf(s.Metric, p.read); !read || isRecorded(s) || s.Metric["job"] != "dbsync" || name == "up" || strings.HasPrefix(string(name), "ALERTS") {
			continue
		}
		for _, m := range template.Multiply(s.Metric) {
			if print := m.Fingerprint(); !seen[print] {
				seen[print] = true
				all = append(all, template.Sample{Metric: m, Kind: s.Kind, Level: s.Level})
			}
		}
	}
	return all
}

// missing are series for what rules read and the template's system does not have, such as those of replicas and those
// that take weeks to be recorded: with the labels that they are asked for, at the level of a server that is well or not.
func (p *past) missing(taken []template.Sample, known catalogue.Metrics, level float64) []template.Sample {
	had := map[model.LabelValue]bool{"up": true}
	for _, s := range taken {
		had[s.Metric[model.MetricNameLabel]] = true
	}
	seen := map[model.Fingerprint]bool{}
	var all []template.Sample
	for _, name := range slices.Sorted(maps.Keys(p.read)) {
		declared, _ := known.Labels(name)
		if had[model.LabelValue(name)] || len(declared.Names()) == 0 {
			continue
		}
		for _, r := range p.read[name] {
			one := template.Sample{Metric: r.example(declared), Level: level}
			switch {
			case isRecorded(one):
				one.Kind, one.Level = backfill.Wavering, 64
			case template.IsCounter(name):
				one.Kind = backfill.Rising
			case strings.HasSuffix(name, "_success"):
				one.Level = 1 - level
			case strings.HasSuffix(name, "_timestamp_seconds"):
				one.Level = float64(time.Now().Add(90 * aDay).Unix())
			}
			if print := one.Metric.Fingerprint(); !seen[print] {
				seen[print] = true
				all = append(all, one)
			}
		}
	}
	return all
}

// of is what is remembered of a server: what was scraped, and of what was recorded that which is read again.
func (p *past) of(taken, scraped []template.Sample) []remembered {
	var all []remembered
	for _, s := range scraped {
		reach, _ := reachOf(s.Metric, p.read)
		all = append(all, remembered{s, reach, scrapeInterval})
	}
	for _, s := range taken {
		reach, read := reachOf(s.Metric, p.read)
		if !isRecorded(s) || !read {
			continue
		}
		for _, m := range template.Multiply(s.Metric) {
			one := template.Sample{Metric: m, Kind: s.Kind, Level: s.Level}
			all = append(all, remembered{one, reach, p.intervals[string(s.Metric[model.MetricNameLabel])]})
		}
	}
	return all
}

// write writes what is remembered of every server into a new data folder, and returns when it ends.
func (p *past) write(ctx context.Context, dir string, f *fleet, healthy, broken []remembered) (to time.Time, err error) {
	begins := append([]time.Duration{time.Duration(p.days) * aDay}, edges...)
	now := time.Now()
	for i, begin := range begins {
		end := time.Duration(0)
		to = time.Now()
		if i < len(edges) {
			end = edges[i]
			to = now.Add(-end)
		}
		var series []backfill.Series
		for n, name := range f.names {
			own := healthy
			if f.isBroken(name) {
				own = broken
			}
			for _, r := range own {
				_, ofServer := r.Metric["instance"]
				if end > 0 && r.reach <= end || n > 0 && !ofServer {
					continue
				}
				job := "dbsync_probe"
				if n == 0 {
					job = "dbsync"
				}
				series = append(series, r.at(name, job, begin))
			}
		}
		if len(series) == 0 {
			continue
		}
		fmt.Fprintf(p.out, "%v to %v ago: %d series\n", begin, end, len(series))
		if err := backfill.Write(ctx, dir, now.Add(-begin), to, series); err != nil {
			return to, err
		}
	}
	return to, nil
}

// at is the series of one server in the part of the past that begins so long ago.
func (r remembered) at(instance, job string, begin time.Duration) backfill.Series {
	interval := r.interval
	if begin > edges[0] && interval == scrapeInterval {
		interval = coarse
	}
	b := labels.NewScratchBuilder(len(r.Metric))
	for name, value := range r.Metric {
		switch {
		case name == "instance":
			value = model.LabelValue(instance)
		case name == "job" && value == "dbsync":
			value = model.LabelValue(job)
		}
		b.Add(string(name), string(value))
	}
	b.Sort()
	return backfill.Series{Labels: b.Labels(), Shape: backfill.Shape{Interval: interval, Kind: r.Kind, Level: r.Level}}
}
