// SPDX-License-Identifier: Apache-2.0

// Package status asks Prometheus how things are: the health of database, backup and migration, the figures of the KPI
// cards, and what fires. All of it comes from the shipped recording rules, so that the dashboards, `dbsyncctl status` and
// the HTTP API say the same.
package status

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Status is how everything is.
type Status struct {
	Health    Health            `json:"health"`
	Parts     map[string]Health `json:"parts"` // database, backup, migration
	Instances []Instance        `json:"instances"`
	KPI       map[string]Figure `json:"kpi"` // by the name of its recording rule, without what is unknown
	Alerts    []Alert           `json:"alerts"`
}

// Instance is how one database server is.
type Instance struct {
	Name   string            `json:"name"`
	Health Health            `json:"health"`
	Parts  map[string]Health `json:"parts"`
	// Obstacles are what is in the way of the next migration, by the words of dbsync:migration_readiness:obstacle; null when
	// that is not known, empty when nothing is.
	Obstacles []string `json:"migration_obstacles"`
}

// Figure is a number for people.
type Figure struct {
	Title string  `json:"title"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // ratio, seconds or empty: a count
}

// Health is how a part is, by the worst alert that fires about it.
type Health string

// What a part can be. Unknown means that nobody looks at it.
const (
	OK       Health = "ok"
	Warning  Health = "warning"
	Critical Health = "critical"
	Unknown  Health = "unknown"
)

// Parts are what an installation consists of, in the order in which they are shown.
func Parts() []string { return []string{"database", "backup", "migration"} }

// Cards are the figures in the order in which they are shown, with what is known of them beside their value.
func Cards() []Card {
	return []Card{
		{"dbsync:database_uptime:ratio24h", "databases up, 24 h", "ratio"},
		{"dbsync:migration_success:ratio7d", "migrations that succeeded, 7 d", "ratio"},
		{"dbsync:backup_success:ratio7d", "backups that succeeded, 7 d", "ratio"},
		{"dbsync:mysql_statement_seconds:mean5m", "mean statement, 5 min", "seconds"},
		{"dbsync:mysql_connections:sum", "connections", ""},
		{"dbsync:mysql_connections:max_ratio", "connections, of the limit", "ratio"},
		{"dbsync:disk_used:max", "fullest disk", "ratio"},
		{"dbsync:alerts_resolved:count24h", "alerts resolved, 24 h", ""},
	}
}

// Card is a figure without its value.
type Card struct{ Rule, Title, Unit string }

// obstacles is the rule that has 1 for what is in the way of a migration, and 0 for what is known not to be.
const obstacles = "dbsync:migration_readiness:obstacle"

// recorded are the rules that a status is made of.
const recorded = `{__name__=~"dbsync:.*|instance:dbsync_(.*_)?health:max"}`

// Read asks Prometheus. An installation without the shipped rules is an error.
func Read(ctx context.Context, api prometheus.API) (Status, error) {
	samples, err := instant(ctx, api, recorded)
	if err != nil {
		return Status{}, err
	}
	if len(samples) == 0 {
		return Status{}, fmt.Errorf("this Prometheus has no results of the shipped rules: load prometheus/rules/*.rules.yml " +
			"of `dbsyncctl pack export`, and wait for their first evaluation")
	}
	s := newStatus(samples)
	s.Alerts, err = Alerts(ctx, api)
	return s, err
}

func instant(ctx context.Context, api prometheus.API, query string) (model.Vector, error) {
	value, _, _, err := api.Query(ctx, query, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus: %w", err)
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("ask Prometheus: %s where a vector was expected", value.Type())
	}
	return vector, nil
}

func newStatus(samples model.Vector) Status {
	s := Status{Health: Unknown, Parts: unknownParts(), Instances: []Instance{}, KPI: map[string]Figure{}}
	instances := map[string]*Instance{}
	for _, sample := range samples {
		name, value := string(sample.Metric[model.MetricNameLabel]), float64(sample.Value)
		rule, isInstance := strings.CutPrefix(name, "instance:")
		switch part, isHealth := healthPart(rule); {
		case name == obstacles:
			i := instanceOf(instances, string(sample.Metric["instance"]))
			i.obstacle(string(sample.Metric["reason"]), value)
		case !isHealth:
			s.card(name, value)
		case !isInstance:
			set(&s.Health, s.Parts, part, health(value))
		default:
			i := instanceOf(instances, string(sample.Metric["instance"]))
			set(&i.Health, i.Parts, part, health(value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(instances)) {
		if instances[name].watched() {
			s.Instances = append(s.Instances, *instances[name])
		}
	}
	return s
}

func (i *Instance) obstacle(reason string, value float64) {
	if i.Obstacles == nil {
		i.Obstacles = []string{}
	}
	if value > 0 {
		i.Obstacles = append(i.Obstacles, reason)
		slices.Sort(i.Obstacles)
	}
}

// watched tells a database server from the others that Prometheus scrapes, which are of interest when they are ill.
func (i *Instance) watched() bool {
	for _, part := range i.Parts {
		if part != Unknown {
			return true
		}
	}
	return i.Health != OK
}

// healthPart takes apart dbsync:health:max, dbsync:PART_health:max and dbsync_PART_health:max.
func healthPart(rule string) (part string, ok bool) {
	rule, ok = strings.CutSuffix(rule, "health:max")
	if !ok || len(rule) < len("dbsync:") {
		return "", false
	}
	return strings.TrimSuffix(rule[len("dbsync:"):], "_"), true
}

func set(whole *Health, parts map[string]Health, part string, h Health) {
	if part == "" {
		*whole = h
		return
	}
	parts[part] = h
}

func instanceOf(instances map[string]*Instance, name string) *Instance {
	if instances[name] == nil {
		instances[name] = &Instance{Name: name, Health: Unknown, Parts: unknownParts()}
	}
	return instances[name]
}

func unknownParts() map[string]Health {
	parts := map[string]Health{}
	for _, part := range Parts() {
		parts[part] = Unknown
	}
	return parts
}

func health(value float64) Health {
	switch {
	case value >= 2:
		return Critical
	case value >= 1:
		return Warning
	}
	return OK
}

func (s *Status) card(rule string, value float64) {
	for _, card := range Cards() {
		if card.Rule == rule {
			s.KPI[rule] = Figure{Title: card.Title, Value: value, Unit: card.Unit}
		}
	}
}
