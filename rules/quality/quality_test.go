// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/rules/quality/score"
	"github.com/easy-erp/dbsync/rules/quality/world"
)

// small is a replay that fits into a test.
func small(kind string) plan {
	p := plan{seed: 1, incidents: 2, healthy: 4, stretch: time.Hour, batch: 500, workers: 2, kinds: []string{kind}}
	if world.Slow(kind) {
		p.incidents, p.healthy = 1, 2
	}
	return p
}

func replayed(t *testing.T, p plan, change func(string) string) result {
	t.Helper()
	files, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		files[name] = []byte(change(string(text)))
	}
	s, err := p.run(files, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asShipped(text string) string { return text }

// The shipped rules are right on a few of each. The figures are made by
// `make quality`; this finds what breaks them.
func TestShippedRules(t *testing.T) {
	for _, kind := range world.Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := replayed(t, small(kind), asShipped)
			total := s.Total()
			if total.Incidents == 0 || total.Firings == 0 {
				t.Fatalf("nothing happened: %+v", total)
			}
			if total.Missed > 0 || total.False > 1 {
				var text bytes.Buffer
				report(&text, s, true)
				t.Errorf("%d missed, %d false alarms\n%s", total.Missed, total.False, &text)
			}
			for _, f := range world.Faults(kind) {
				if s.Rules[f.RuleID] == nil || s.Rules[f.RuleID].Incidents == 0 {
					t.Errorf("no incident of %s", f.RuleID)
				}
			}
		})
	}
}

// A measure that cannot tell a worse rule is none.
func TestWorseRulesScoreWorse(t *testing.T) {
	for name, c := range map[string]struct {
		kind, rule string
		from, to   string
		worse      func(shipped, changed *score.Rule) bool
	}{
		"a threshold that is too high misses": {
			"host", "disk_space_low", "instance_path:dbsync_disk_used:ratio > 0.85", "instance_path:dbsync_disk_used:ratio > 0.97",
			func(s, c *score.Rule) bool { return c.Missed > s.Missed },
		},
		"a threshold that is too low cries wolf": {
			"server", "database_connections_high", "instance:dbsync_mysql_connections:ratio > 0.8", "instance:dbsync_mysql_connections:ratio > 0.3",
			func(s, c *score.Rule) bool { return c.False > s.False },
		},
		"a rule that looks for something else misses": {
			"server", "mysql_down", "last_over_time(dbsync_mysql_reachable[4m]) == 0", "last_over_time(dbsync_mysql_reachable[4m]) == 2",
			func(s, c *score.Rule) bool { return c.Missed > s.Missed },
		},
		"a wait that is left out cries wolf": {
			"host", "host_memory_low", "        for: 5m\n", "",
			func(s, c *score.Rule) bool { return c.False > s.False },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := false
			s := replayed(t, small(c.kind), asShipped)
			w := replayed(t, small(c.kind), func(text string) string {
				mutated := strings.ReplaceAll(text, c.from, c.to)
				changed = changed || mutated != text
				return mutated
			})
			if !changed {
				t.Fatalf("no rule has %q any more", c.from)
			}
			before, after := s.Rules[c.rule], w.Rules[c.rule]
			if before == nil || after == nil || !c.worse(before, after) {
				t.Errorf("shipped %+v, changed %+v", before, after)
			}
		})
	}
}

// Every alert is replayed, or it is said why not.
func TestEveryAlertIsReplayedOrExcused(t *testing.T) {
	ids, err := shippedIDs()
	if err != nil {
		t.Fatal(err)
	}
	here := modelled()
	for id := range ids {
		if _, excused := elsewhere[id]; here[id] == excused {
			t.Errorf("%s: replayed %t, excused %t", id, here[id], excused)
		}
	}
	for id := range here {
		if !ids[id] {
			t.Errorf("the world has a fault of %s, which no shipped alert tells", id)
		}
	}
	for id, why := range elsewhere {
		if !ids[id] || why == "" {
			t.Errorf("%s is excused, with %q; shipped: %t", id, why, ids[id])
		}
	}
}

// The other packs load, and tell faults that there are.
func TestOthersTellKnownFaults(t *testing.T) {
	files, err := others()
	if err != nil || len(files) != 2 {
		t.Fatal(len(files), err)
	}
	here := modelled()
	for name, text := range files {
		pack, covers := pack(text)
		if pack+".yml" != name {
			t.Errorf("%s: pack %q", name, pack)
		}
		for id := range covers {
			if !here[id] {
				t.Errorf("%s: no fault %s", name, id)
			}
		}
	}
}
