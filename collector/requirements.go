// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"slices"
	"strings"
)

// Requirement is a privilege and what it is used for.
type Requirement struct {
	Name, On string
	// Optional says that nobody is skipped without it.
	Optional bool
	Uses     []Use
}

// Use is what a collector needs a privilege for.
type Use struct{ Collector, Why string }

// Placeholder reports whether the object is one that not every server has: of an
// application, which declarations call "app", or of a tool.
func (r Requirement) Placeholder() bool {
	schema, _, _ := strings.Cut(r.On, ".")
	return !slices.Contains([]string{"*", "mysql", "performance_schema", "sys"}, schema)
}

// Requirements returns the privileges that the definitions use on servers of the
// flavour, each once: those of the whole server first, placeholders last.
func Requirements(defs []Definition, flavour Flavour) []Requirement {
	var all []Requirement
	for _, d := range defs {
		privileges, _ := forFlavour(d.Needs.Privileges, flavour)
		for _, p := range privileges {
			i := slices.IndexFunc(all, func(r Requirement) bool { return r.Name == p.Name && r.On == p.On })
			if i < 0 {
				i = len(all)
				all = append(all, Requirement{Name: p.Name, On: p.On, Optional: true})
			}
			all[i].Optional = all[i].Optional && p.Optional
			all[i].Uses = append(all[i].Uses, Use{d.Name, p.Why})
		}
	}
	slices.SortFunc(all, func(a, b Requirement) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.On, b.On), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func rank(r Requirement) int {
	switch {
	case r.On == "*.*":
		return 0
	case r.Placeholder():
		return 2
	}
	return 1
}

// GrantStatements returns the statements that give an account what is required,
// one for each object, without a semicolon.
func GrantStatements(required []Requirement, account string) []string {
	var statements []string
	needed := slices.DeleteFunc(slices.Clone(required), func(r Requirement) bool { return covered(required, r) })
	for i := 0; i < len(needed); {
		on, names := needed[i].On, []string(nil)
		for ; i < len(needed) && needed[i].On == on; i++ {
			names = append(names, needed[i].Name)
		}
		statements = append(statements, "GRANT "+strings.Join(names, ", ")+" ON "+on+" TO "+account)
	}
	return statements
}

// covered reports whether another requirement gives the same on a wider object.
func covered(required []Requirement, r Requirement) bool {
	schema, _, _ := strings.Cut(r.On, ".")
	return slices.ContainsFunc(required, func(other Requirement) bool {
		return other.Name == r.Name && other.On != r.On && (other.On == "*.*" || other.On == schema+".*")
	})
}
