// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed others/*.yml
var otherRules embed.FS

// beside explains the comparison.
const beside = `The same servers, watched by the rules of others where they look at the same: awesome-prometheus-alerts and mysqld-mixin,
both evaluated every 15 seconds. A fault is missed here when no alert tells of it at all, however late. What a fault is, is
this project's word: a rule with a lower threshold or a shorter wait is false where nobody here would have been told, and
nobody told the others of planned work, for which one would make a silence by hand.`

// others returns the rule files to compare with, by name.
func others() (map[string][]byte, error) {
	names, err := fs.Glob(otherRules, "others/*.yml")
	files := map[string][]byte{}
	for _, name := range names {
		text, readErr := otherRules.ReadFile(name)
		if readErr != nil {
			return nil, readErr
		}
		files[strings.TrimPrefix(name, "others/")] = text
	}
	return files, err
}

// pack returns the name of a rule file's pack and the faults that it tells.
func pack(text []byte) (string, map[string]bool) {
	var document map[string]any
	_ = yaml.Unmarshal(text, &document) // what is no rule file is found by the rule manager
	name, covers := "", map[string]bool{}
	for _, rule := range rulesOf(document) {
		labels, _ := rule["labels"].(map[string]any)
		if labels == nil {
			continue
		}
		name = fmt.Sprint(labels["pack"])
		covers[fmt.Sprint(labels["rule_id"])] = true
		if also, ok := labels["also"].(string); ok {
			for _, id := range strings.Fields(also) {
				covers[id] = true
			}
		}
	}
	return name, covers
}

// compared is the score of the packs, a fault a row.
func compared(r result) [][]string {
	if len(r.packs) == 0 {
		return nil
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(r.packs)), func(name string) bool { return name == ours })
	names = append([]string{ours}, names...)
	head := []string{"fault", "incidents"}
	for _, name := range names {
		head = append(head, name+": missed", "false", "delay p50", "p99")
	}
	rows := [][]string{head}
	cells := func(id string) []string {
		row := []string{id, ""}
		for _, name := range names {
			s := r.packs[name]
			rule := s.Rules[id]
			if id == "all" {
				t := s.Total()
				rule = &t
			}
			switch {
			case rule == nil || id != "all" && !s.Covers(id):
				row = append(row, "–", "–", "–", "–")
				continue
			case rule.Incidents == 0 && rule.Firings == 0:
				row = append(row, "–", "–", "–", "–")
				continue
			}
			if name == ours {
				row[1] = fmt.Sprint(rule.Incidents)
			}
			row = append(row, fmt.Sprintf("%d of %d", rule.Missed, rule.Incidents), fmt.Sprintf("%d of %d", rule.False, rule.Firings),
				rule.Quantile(.5).String(), rule.Quantile(.99).String())
		}
		return row
	}
	for _, id := range slices.Sorted(maps.Keys(r.packs[ours].Rules)) {
		rows = append(rows, cells(id))
	}
	return append(rows, cells("all"))
}
