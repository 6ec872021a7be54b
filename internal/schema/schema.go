// SPDX-License-Identifier: Apache-2.0

// Package schema reads what a schema is made of, so that two that should be alike
// can be compared: tables, columns, indexes, constraints, views, routines and
// triggers. What the versions and flavours of the server only write in another
// way is the same: int(11) and int, the spelling of defaults and of expressions,
// JSON, which MariaDB stores as a checked longtext.
//
// Of an expression spaces, quotes of names and parentheses do not count, as each
// server sets them its own way: (a+b)*c and a+(b*c) pass for the same. Comments
// and the state of AUTO_INCREMENT do not count either. What the account may not
// see is not there: compare with accounts of the same privileges.
package schema

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Kind is what an object is.
type Kind string

// The kinds of objects.
const (
	Table   Kind = "table"
	Column  Kind = "column"
	Index   Kind = "index"
	Key     Kind = "foreign key"
	Check   Kind = "check"
	View    Kind = "view"
	Routine Kind = "routine"
	Trigger Kind = "trigger"
	Order   Kind = "order of columns"
)

// Object names a part of a schema; the name of a table's part begins with the
// table's: orders.id.
type Object struct {
	Kind Kind
	Name string
}

func (o Object) String() string { return string(o.Kind) + " " + o.Name }

func (o Object) compare(p Object) int {
	return cmp.Or(cmp.Compare(o.Name, p.Name), cmp.Compare(o.Kind, p.Kind))
}

// Schema is what each object of a schema is defined as.
type Schema map[Object]string

// objects returns the objects in the order of their names.
func (s Schema) objects() []Object {
	return slices.SortedFunc(maps.Keys(s), Object.compare)
}

// Hash is the same for schemas that are the same: 16 hexadecimal digits.
func (s Schema) Hash() string {
	h := sha256.New()
	for _, o := range s.objects() {
		fmt.Fprintf(h, "%q %q %q\n", o.Kind, o.Name, s[o])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Difference is an object that two schemas do not have alike. An empty definition
// says that there is none.
type Difference struct {
	Object
	A, B string
}

// Diff returns what differs, in the order of the objects' names. The parts of a
// table that only one schema has are not listed one by one, nor is the order of
// columns where there are others.
func Diff(a, b Schema) []Difference {
	all := maps.Clone(a)
	maps.Copy(all, b)
	var found []Difference
	missing, columns := map[string]bool{}, map[string]bool{}
	for o := range all {
		if o.Kind == Table && (a[o] == "" || b[o] == "") {
			missing[o.Name] = true
		}
		if o.Kind == Column && (a[o] == "" || b[o] == "") {
			columns[tableOf(o)] = true
		}
	}
	for _, o := range all.objects() {
		switch {
		case a[o] == b[o]:
		case o.Kind != Table && missing[tableOf(o)]:
		case o.Kind == Order && columns[o.Name]:
		default:
			found = append(found, Difference{o, a[o], b[o]})
		}
	}
	return found
}
