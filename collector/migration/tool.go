// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// tool is all that differs between migration tools. A further one is a file with
// one variable, and its line in tools.
type tool struct {
	name string
	// table is the default name of its history; tables whose names end with it
	// (or with one of the others) are looked at by discovery.
	table  string
	others []string
	// columns are those that its table has at least; strict: and no others.
	columns []string
	strict  bool
	// probe selects three integers a, b and c from {table}, at the cost of a look
	// into an index, that change whenever the history does: where rows is set, a
	// must grow with each new row.
	probe string
	// rows selects the rows of {table} whose a is above the argument, in the
	// order of a. Empty: the probe says it all.
	rows string
	scan func(collector.Row) (revision, error)
	// read makes facts of the probe's numbers and all rows.
	read func(probe, []revision) facts
	// unfinished says that the table shows a migration that has begun and not
	// ended, which is a running or a failed one.
	unfinished bool
	// lock returns the name of the user-level lock that it holds while it works.
	// nil: it takes none.
	lock func(schema, table string) string
	// file reads the name of a migration file.
	file func(name string) (file, bool)
	// checksum is what the tool's table remembers of a file's content. nil: nothing.
	checksum func(content []byte) (int32, bool)
	// recursive: files in folders below count as well.
	recursive bool
	// compare tells how the files differ from the history.
	compare func(facts, []revision, []file) difference
}

// tools lists every tool that can be read.
func tools() []*tool { return []*tool{&golangMigrate, &flyway} }

// Tools returns the names of the tools that can be read.
func Tools() []string {
	var names []string
	for _, t := range tools() {
		names = append(names, t.name)
	}
	slices.Sort(names)
	return names
}

func toolNamed(name string) *tool {
	for _, t := range tools() {
		if t.name == name {
			return t
		}
	}
	return nil
}

// toolWith returns the tool whose table has these columns, in lower case; nil
// when none or more than one may have made it.
func toolWith(columns []string) *tool {
	var found *tool
	for _, t := range tools() {
		if !t.has(columns) {
			continue
		}
		if found != nil {
			return nil
		}
		found = t
	}
	return found
}

func (t *tool) has(columns []string) bool {
	if t.strict && len(columns) != len(t.columns) {
		return false
	}
	for _, c := range t.columns {
		if !slices.Contains(columns, c) {
			return false
		}
	}
	return true
}

// statement puts the table into one of the tool's statements.
func (p place) statement(text string) string {
	return strings.ReplaceAll(text, "{table}", quote(p.schema)+"."+quote(p.table))
}

// quote quotes an identifier, whatever it holds.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
