// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"testing"
)

func TestRequirementsOfAFlavour(t *testing.T) {
	process := Privilege{Name: "PROCESS", On: "*.*", Why: "sessions"}
	optional := process
	optional.Optional = true
	defs := []Definition{
		{Name: "a", Needs: Needs{Privileges: map[Flavour][]Privilege{
			MySQL:   {{Name: "SELECT", On: "app.history", Optional: true}, {Name: "SELECT", On: "performance_schema.threads"}, optional},
			MariaDB: {{Name: "SLAVE MONITOR", On: "*.*"}},
		}}},
		{Name: "b", Needs: Needs{Privileges: map[Flavour][]Privilege{MySQL: {process, {Name: "REFERENCES", On: "*.*"}}}}},
		{Name: "c", Needs: Needs{Privileges: map[Flavour][]Privilege{MySQL: {
			{Name: "SELECT", On: "performance_schema.*"}, {Name: "REFERENCES", On: "mysql.*"},
		}}}},
	}
	want := []string{
		"GRANT PROCESS, REFERENCES ON *.* TO me", "GRANT SELECT ON performance_schema.* TO me", "GRANT SELECT ON app.history TO me",
	}
	for _, flavour := range []Flavour{MySQL, Percona} {
		required := Requirements(defs, flavour)
		if got := GrantStatements(required, "me"); !slices.Equal(got, want) {
			t.Errorf("%s: %q", flavour, got)
		}
		if r := required[0]; r.Optional || len(r.Uses) != 2 || r.Uses[1] != (Use{"b", "sessions"}) {
			t.Errorf("%s: %+v", flavour, r)
		}
		if last := required[len(required)-1]; !last.Placeholder() || !last.Optional {
			t.Errorf("%s: %+v", flavour, last)
		}
	}
	if got := GrantStatements(Requirements(defs, MariaDB), "me"); !slices.Equal(got, []string{"GRANT SLAVE MONITOR ON *.* TO me"}) {
		t.Errorf("%q", got)
	}
}
