// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector"
)

// Every collector there is, together: names and families are unique, and
// nothing that the documentation is made from is missing.
func TestAllDefinitionsAreValidTogether(t *testing.T) {
	defs := Definitions()
	if err := collector.Validate(defs); err != nil {
		t.Error(err)
	}
	groups := map[string]bool{}
	for _, d := range defs {
		group, _, _ := strings.Cut(d.Name, ".")
		groups[group] = true
		for _, f := range d.Families {
			if f.Source == "" {
				t.Errorf("collector %s: family %s does not say where its value comes from", d.Name, f.Name)
			}
		}
	}
	for _, want := range []string{"mysql", "migration", "backup", "host", "job"} {
		if !groups[want] {
			t.Errorf("no collector of the group %s", want)
		}
	}
}

// A group's name and a collector's name switch different things.
func TestNamesAreTheFlags(t *testing.T) {
	names := Names(Definitions())
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted or not unique: %v", names)
	}
	for _, want := range []string{"mysql", "mysql.replication", "migration.history", "host"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %v", want, names)
		}
	}
}
