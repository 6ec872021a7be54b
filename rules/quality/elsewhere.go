// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/rules/quality/world"
)

const elsewhereText = "Every other alert is in the first table. Those here have unit tests as all have, and no figure of this replay:"

// elsewhere says why an alert is not replayed over hours, by rule_id.
var elsewhere = map[string]string{
	"watchdog":                    "fires always, by design",
	"exporter_missing":            "absent() of a whole Prometheus: servers side by side would hide each other",
	"backup_repository_filling":   "judges two weeks; the same expression as disk_filling_up, which is replayed in weeks",
	"mysql_connections_growing":   "informs of what takes a month; compares three weeks",
	"disk_filling_up":             "judges weeks: rules/quality/weeks",
	"mysql_schema_growth_unusual": "judges weeks: rules/quality/weeks",
	"mysql_unusual":               "compares with earlier days: rules/quality/weeks",
	"backup_unusual":              "compares with earlier backups, over weeks; unit tests so far",
	"api_unusual":                 "compares with earlier days, over weeks; unit tests so far",
	"series_vanished":             "informs, and compares with the day before; unit tests so far",
	"mysql_traffic_gone":          "compares with earlier days: rules/quality/weeks",
}

// modelled are the rule ids whose faults are made up.
func modelled() map[string]bool {
	ids := map[string]bool{}
	for _, kind := range world.Kinds {
		for _, f := range world.Faults(kind) {
			ids[f.RuleID] = true
		}
	}
	return ids
}

// shippedIDs are the rule ids of all alerts.
func shippedIDs() (map[string]bool, error) {
	files, err := shipped()
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, text := range files {
		var document map[string]any
		if err := yaml.Unmarshal(text, &document); err != nil {
			return nil, err
		}
		for _, rule := range rulesOf(document) {
			if labels, ok := rule["labels"].(map[string]any); ok && rule["alert"] != nil {
				ids[fmt.Sprint(labels["rule_id"])] = true
			}
		}
	}
	return ids, nil
}

// uncovered is the table of the alerts that are not replayed.
func uncovered() ([][]string, error) {
	ids, err := shippedIDs()
	if err != nil {
		return nil, err
	}
	rows, here := [][]string{{"rule_id", "why"}}, modelled()
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if !here[id] {
			rows = append(rows, []string{id, elsewhere[id]})
		}
	}
	return rows, nil
}
