// SPDX-License-Identifier: Apache-2.0

// Package weeks replays the rules that compare with earlier days: over servers that
// live for weeks, in steps of minutes. It knows what is unusual, and nothing of how
// the rules find it.
package weeks

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/rules/quality/replay"
)

const (
	// tick is how often a server is scraped.
	tick = 2 * time.Minute
	// pace is how often rules are evaluated at most.
	pace = "4m"
	// length is a week to know, and another weekend to be judged.
	length = 12 * 24 * time.Hour
	// known is when the first rules may speak.
	known = 8 * 24 * time.Hour
)

// start is a Thursday.
var start = time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC)

// Rule is how often a rule was right.
type Rule struct {
	Incidents, Missed, Firings, False int
	// FalseAlarms and Misses name them, for whoever looks for the reason.
	FalseAlarms, Misses []string
}

// Result is the score by rule_id, and how long was watched.
type Result struct {
	Rules map[string]*Rule
	Weeks float64
}

// judged are the rules that this is about.
var judged = []string{
	"mysql_unusual", "mysql_traffic_gone", "mysql_auto_increment_running_out", "mysql_schema_growth_unusual", "disk_filling_up",
}

// Run lets servers live and judges the rules of the files, by name.
func Run(files map[string][]byte, seed uint64, servers int) (result *Result, err error) {
	slow, err := only(files)
	if err != nil {
		return nil, err
	}
	r, err := replay.New(slow)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var all []*server
	for n := range servers {
		all = append(all, newServer(fmt.Sprintf("week-%d-%d", seed, n), rand.New(rand.NewPCG(seed, uint64(n))), n))
	}
	for now := start; now.Before(start.Add(length)); now = now.Add(tick) {
		var samples []replay.Sample
		for _, s := range all {
			samples = append(samples, s.step(now)...)
		}
		if err := r.Append(samples); err != nil {
			return nil, err
		}
		if err := r.Evaluate(now.Add(time.Second)); err != nil {
			return nil, fmt.Errorf("at %s: %w", now, err)
		}
	}
	result = &Result{Rules: map[string]*Rule{}, Weeks: float64(servers) * length.Hours() / (7 * 24)}
	for _, id := range judged {
		result.Rules[id] = &Rule{}
	}
	for _, s := range all {
		result.add(s, slices.DeleteFunc(slices.Clone(r.Firings()), func(f replay.Firing) bool { return f.Labels.Get("instance") != s.name }))
	}
	return result, nil
}

// only keeps what the judged rules read: all recording rules beside them, and no
// other alert, and all at one pace.
func only(files map[string][]byte) (map[string][]byte, error) {
	kept := map[string][]byte{}
	for _, name := range []string{"host.rules.yml", "mysql.rules.yml", "usual.rules.yml"} {
		var file struct {
			Groups []struct {
				Name     string           `yaml:"name"`
				Interval string           `yaml:"interval"`
				Rules    []map[string]any `yaml:"rules"`
			} `yaml:"groups"`
		}
		if err := yaml.Unmarshal(files[name], &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for i := range file.Groups {
			file.Groups[i].Interval = pace
			file.Groups[i].Rules = slices.DeleteFunc(file.Groups[i].Rules, func(rule map[string]any) bool {
				labels, alert := rule["labels"].(map[string]any)
				id, _ := labels["rule_id"].(string)
				return alert && !slices.Contains(judged, id)
			})
		}
		text, err := yaml.Marshal(file)
		if err != nil {
			return nil, err
		}
		kept[name] = text
	}
	return kept, nil
}

// add judges what fired for a server.
func (r *Result) add(s *server, firings []replay.Firing) {
	for _, e := range s.incidents {
		if e.doubtful {
			continue
		}
		rule := r.Rules[e.id]
		rule.Incidents++
		if !slices.ContainsFunc(firings, func(f replay.Firing) bool {
			return e.is(f) && !f.From.Before(e.from) && f.From.Before(e.from.Add(e.within))
		}) {
			rule.Missed++
			rule.Misses = append(rule.Misses, fmt.Sprintf("%s %s %s from %s", s.name, e.id, e.measure, e.from.Format(time.DateTime)))
		}
	}
	for _, f := range firings {
		id := f.Labels.Get("rule_id")
		rule := r.Rules[id]
		rule.Firings++
		if !slices.ContainsFunc(s.incidents, func(e incident) bool {
			return (e.is(f) || slices.Contains(e.also, id)) && !f.From.Before(e.from) && f.From.Before(e.to.Add(e.after))
		}) {
			rule.False++
			rule.FalseAlarms = append(rule.FalseAlarms, fmt.Sprintf("%s %s %s %s", s.name, id,
				strings.TrimSpace(f.Labels.Get("measure")+" "+f.Labels.Get("direction")), f.From.UTC().Format("Mon "+time.DateTime)))
		}
	}
}
