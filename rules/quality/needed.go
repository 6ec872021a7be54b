// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// needed leaves out what changes nothing, and that is most of the work: recorded
// series that no alert reads, and rules that read nothing of the given metrics.
func needed(files map[string][]byte, metrics map[string]bool) (map[string][]byte, error) {
	metrics = maps.Clone(metrics)
	documents, alerts, records := map[string]map[string]any{}, "", map[string]string{}
	for name, text := range files {
		var d map[string]any
		if err := yaml.Unmarshal(text, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		documents[name] = d
		for _, rule := range rulesOf(d) {
			if record, ok := rule["record"].(string); ok {
				records[record] += fmt.Sprint(rule["expr"])
			} else {
				alerts += fmt.Sprint(rule["expr"])
			}
		}
	}
	read := map[string]bool{}
	for text := alerts; text != ""; {
		next := ""
		for record, expr := range records {
			if !read[record] && strings.Contains(text, record) {
				read[record] = true
				next += expr
			}
		}
		text = next
	}
	for known := -1; known != len(metrics); { // what is recorded from them is one of them
		known = len(metrics)
		for record, expr := range records {
			if readsAny(expr, metrics) {
				metrics[record] = true
			}
		}
	}
	left := map[string][]byte{}
	for name, d := range documents {
		for _, g := range groupsOf(d) {
			var kept []any
			list, _ := g["rules"].([]any)
			for _, r := range list {
				rule, _ := r.(map[string]any)
				record, recorded := rule["record"].(string)
				if (!recorded || read[record]) && readsAny(fmt.Sprint(rule["expr"]), metrics) {
					kept = append(kept, r)
				}
			}
			g["rules"] = kept
		}
		var err error
		if left[name], err = yaml.Marshal(d); err != nil {
			return nil, err
		}
	}
	return left, nil
}

var identifier = regexp.MustCompile(`[a-zA-Z_][a-zA-Z0-9_:]*`)

func readsAny(expr string, metrics map[string]bool) bool {
	return slices.ContainsFunc(identifier.FindAllString(expr, -1), func(word string) bool { return metrics[word] })
}

func groupsOf(document map[string]any) []map[string]any {
	var all []map[string]any
	list, _ := document["groups"].([]any)
	for _, g := range list {
		if group, ok := g.(map[string]any); ok {
			all = append(all, group)
		}
	}
	return all
}

func rulesOf(document map[string]any) []map[string]any {
	var all []map[string]any
	for _, g := range groupsOf(document) {
		list, _ := g["rules"].([]any)
		for _, r := range list {
			if rule, ok := r.(map[string]any); ok {
				all = append(all, rule)
			}
		}
	}
	return all
}
