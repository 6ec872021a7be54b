// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/exporter"
)

// metrics returns the reference of all metric families.
func metrics(defs []collector.Definition) (string, error) {
	p := &page{}
	p.generated("Metrics", "what the collectors declare")
	p.line(`What the exporter gives, by collector. Each can be switched by its name or its group, with --collector.NAME and
--no-collector.NAME or under "collectors" in the file ([configuration.md](configuration.md)). [grants.md](grants.md) has
the privileges. "In the background" means that the collector reads on its own interval and a scrape serves its newest
snapshot, whose time is dbsync_collector_snapshot_timestamp_seconds.

A labelled family has at most %d series of a target, where nothing else is said; what falls over that is counted in
dbsync_series_dropped. What is not known is absent, never 0.
`, collector.DefaultMaxSeries)
	p.table("collector", "default", "reads", "cost")
	for _, d := range defs {
		p.row(fmt.Sprintf("[%s](#%s)", d.Name, anchor(d.Name)), onOff(d.Default), reads(d), d.Cost)
	}
	for _, d := range defs {
		p.definition(d)
	}
	return p.own()
}

// anchor is what GitHub makes of a heading.
func anchor(heading string) string { return strings.ReplaceAll(heading, ".", "") }

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func reads(d collector.Definition) string {
	if d.Every > 0 {
		return "in the background, every " + model.Duration(d.Every).String()
	}
	return "on the scrape"
}

func (p *page) definition(d collector.Definition) {
	p.line("")
	p.line("## %s", d.Name)
	p.line("")
	p.line("%s Default: %s.", d.Help, onOff(d.Default))
	if needs := needs(d.Needs); needs != "" {
		p.line("%s", needs)
	}
	p.line("")
	families := slices.SortedFunc(slices.Values(d.Families), func(a, b *collector.Family) int { return strings.Compare(a.Name, b.Name) })
	p.families(families)
}

func (p *page) families(families []*collector.Family) {
	p.table("family", "type", "labels", "what it is", "source")
	for _, f := range families {
		name, help := code(f.Name), f.Help
		if f.Open {
			name = code(f.Name + "*")
		}
		if f.On != "" {
			help += " On: " + f.On + "."
		}
		p.row(name, f.Type.String(), labels(f), help, f.Source)
	}
}

func labels(f *collector.Family) string {
	if len(f.Labels) == 0 {
		return ""
	}
	if f.MaxSeries == 0 {
		return codes(f.Labels)
	}
	return fmt.Sprintf("%s; at most %d series", codes(f.Labels), f.MaxSeries)
}

// needs is what must be there for the collector to run, in a sentence.
func needs(n collector.Needs) string {
	var all []string
	for _, flavour := range slices.Sorted(maps.Keys(n.Versions)) {
		all = append(all, names()[flavour]+versions(n.Versions[flavour]))
	}
	if n.PerformanceSchema {
		all = append(all, "performance_schema")
	}
	for _, flavour := range []collector.Flavour{collector.MySQL, collector.MariaDB} {
		for _, p := range n.Privileges[flavour] {
			if !p.Optional {
				all = append(all, fmt.Sprintf("%s on %s (%s)", p.Name, code(p.On), names()[flavour]))
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "Needs: " + strings.Join(all, ", ") + "; without, it is skipped."
}

// names are the flavours, for people.
func names() map[collector.Flavour]string {
	return map[collector.Flavour]string{collector.MySQL: "MySQL", collector.MariaDB: "MariaDB", collector.Percona: "Percona Server"}
}

func versions(r collector.Range) string {
	var text string
	if (r.From != collector.Version{}) {
		text += " from " + r.From.String()
	}
	if (r.Before != collector.Version{}) {
		text += " before " + r.Before.String()
	}
	return text
}

// own adds what the exporter says about itself.
func (p *page) own() (string, error) {
	p.line("")
	p.line("## Of every target")
	p.line("")
	p.line("How the collecting itself went, beside the metrics of each target.")
	p.line("")
	p.families(collector.SelfFamilies())
	own, err := exporter.SelfFamilies()
	p.line("")
	p.line("## The exporter itself")
	p.line("")
	p.line("On /metrics, not on /probe; collect[] and exclude[] call them `exporter`. The `go_*`, `process_*` and `promhttp_*`")
	p.line("families of every Go program are there as well.")
	p.line("")
	pointers := make([]*collector.Family, len(own))
	for i := range own {
		pointers[i] = &own[i]
	}
	p.families(pointers)
	return p.String(), err
}
