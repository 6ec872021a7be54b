// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"slices"
	"strings"
	"sync"
)

// tool is all that differs between migration tools. A further one is a file, and
// its name in tools.
type tool struct {
	name string
	// table is the default name of its history; discovery looks at the tables whose
	// names end with it, or with one of the others, in whatever case.
	table  string
	others []string
	// columns are those that its table has at least, in lower case, each with the
	// beginning of its type where that tells tools apart. With exact it has no
	// further ones, but for those in extra.
	columns []string
	exact   bool
	extra   []string
	// beside is a table that must be there in the same schema, to tell tools apart.
	beside string
	// fallback: it counts only where no other tool can have made the table.
	fallback bool
	rows     selection
	// states are those that the table shows by itself. unfinished stands for
	// running, failed and dirty, which the lock tells apart.
	states  []state
	current position
	lock    lock
	files   files
	// rank is what versions are ordered by. nil: by themselves.
	rank func(version string) string
	// same makes one id of versions that mean the same migration. nil: the version
	// is the id.
	same func(version, description string) string
}

// position says which revision the schema is at.
type position int

const (
	highest position = iota // the highest version that is applied
	newest                  // the one that was applied last
	every                   // all that the table holds
)

// tools returns every tool that can be read. Nothing in them changes, so that a
// thousand targets have them together.
var tools = sync.OnceValue(func() []*tool {
	return []*tool{
		golangMigrate(), flyway(), liquibase(), goose(), dbmate(), rails(), ecto(), vitess(), atlas(), prisma(), alembic(),
		django(), laravel(), doctrine(), phinx(), typeorm(), sequelize(), knex(), efcore(), mikroORM(), sqlMigrate(), sqlx(),
		rambler(), dbMigrate(), diesel(), seaORM(), drizzle(), versionOnly(),
	}
})

// Tools returns the names of the tools that can be read.
func Tools() []string {
	var names []string
	for _, t := range tools() {
		names = append(names, t.name)
	}
	slices.Sort(names)
	return names
}

// table is a table as information_schema shows it: the types of its columns by
// their names, both in lower case.
type table struct {
	schema, name string
	columns      map[string]string
}

// toolOf returns the tool that made the table; nil when none or more than one may
// have. beside tells whether a table is in the same schema.
func toolOf(all []*tool, t table, beside func(name string) bool) *tool {
	var sure, may []*tool
	for _, one := range all {
		switch {
		case !one.made(t) || one.beside != "" && !beside(one.beside):
		case one.fallback:
			may = append(may, one)
		default:
			sure = append(sure, one)
		}
	}
	switch {
	case len(sure) == 1:
		return sure[0]
	case len(sure) == 0 && len(may) == 1 && strings.EqualFold(t.name, may[0].table):
		return may[0]
	}
	return nil
}

// made reports whether the table has the tool's columns.
func (t *tool) made(of table) bool {
	for _, c := range t.columns {
		name, kind, _ := strings.Cut(c, " ")
		if have, ok := of.columns[name]; !ok || !strings.HasPrefix(have, kind) {
			return false
		}
	}
	further := len(of.columns) - len(t.columns)
	for _, name := range t.extra {
		if _, ok := of.columns[name]; ok {
			further--
		}
	}
	return !t.exact || further == 0
}

// id is what the tool knows a migration by.
func (t *tool) id(version, description string) string {
	if t.same == nil {
		return version
	}
	return t.same(version, description)
}

// order compares versions as the tool orders them.
func (t *tool) order(a, b string) int {
	if t.rank != nil {
		a, b = t.rank(a), t.rank(b)
	}
	return compareVersions(a, b)
}

func (t *tool) shows(s state) bool { return slices.Contains(t.states, s) }
