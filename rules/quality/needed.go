// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// needed leaves out the recorded series that no alert reads, and with them most
// of the work: what is recorded for dashboards alone.
func needed(files map[string][]byte) (map[string][]byte, error) {
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
	left := map[string][]byte{}
	for name, d := range documents {
		for _, g := range groupsOf(d) {
			var kept []any
			for _, r := range g["rules"].([]any) {
				if record, ok := r.(map[string]any)["record"].(string); !ok || read[record] {
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
