// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/easy-erp/dbsync/collector"
)

// catalog is what is known of where histories are. It is renewed in the
// background; a scrape that comes before that waits for the first time.
type catalog struct {
	tools      []*tool
	configured []place
	discover   bool

	mu     sync.Mutex
	places []place // nil: not known
}

// place is where a history is, and what it is.
type place struct {
	schema, table string
	tool          *tool
	lockTable     string   // that of the tool; empty: it has none, or it cannot be seen
	configured    *History // nil: it was discovered
	timestamps    string   // its columns of that type, in lower case, with spaces around
	visible       bool
	problem       string // why it cannot be what the configuration says
}

// labels are the values of the labels that every family of a history has.
func (p place) labels(more ...string) []string {
	return append([]string{p.schema, p.tool.name, p.table}, more...)
}

// source is the history's name among the sources of the collector.
func (p place) source() string { return p.schema + "." + p.table }

func (p place) quoted() string { return quote(p.schema) + "." + quote(p.table) }

// known returns the places as they were found last. Before that it looks.
func (c *catalog) known(ctx context.Context, server collector.Server) ([]place, error) {
	c.mu.Lock()
	places := c.places
	c.mu.Unlock()
	if places != nil {
		return places, nil
	}
	return c.renew(ctx, server)
}

// forget makes the next scrape look again: a table went away.
func (c *catalog) forget() {
	c.mu.Lock()
	c.places = nil
	c.mu.Unlock()
}

// renew looks where the histories are. Tables that the account may not read are
// not there, so that no statement ever fails for them.
func (c *catalog) renew(ctx context.Context, server collector.Server) ([]place, error) {
	places := slices.Clone(c.configured)
	if len(places) > 0 || c.discover {
		tables, err := c.tables(ctx, server)
		if err != nil {
			return nil, fmt.Errorf("look for history tables: %w", err)
		}
		places = c.match(tables)
	}
	if len(places) > maxHistories {
		return nil, fmt.Errorf("%d histories, more than %d: set migrations.discover to false and name those that matter",
			len(places), maxHistories)
	}
	c.mu.Lock()
	c.places = append([]place{}, places...)
	c.mu.Unlock()
	return places, nil
}

// match finds the configured histories among the tables, and further ones by
// their columns.
func (c *catalog) match(tables []table) []place {
	taken := map[int]bool{}
	var places []place
	for _, p := range c.configured {
		if i := find(tables, p.schema, p.table); i >= 0 {
			taken[i] = true
			p.find(tables, i)
			if !p.tool.made(tables[i]) {
				p.problem = fmt.Sprintf("%s is no history of %s that the account can read, which has the columns %s: "+
					"correct the tool in migrations.histories or grant SELECT on all columns",
					p.source(), p.tool.name, strings.Join(p.tool.columns, ", "))
			}
		}
		places = append(places, p)
	}
	for i, t := range tables {
		if taken[i] || !c.discover {
			continue
		}
		one := toolOf(c.tools, t, func(name string) bool { return find(tables, t.schema, name) >= 0 })
		if one != nil {
			p := place{tool: one}
			p.find(tables, i)
			places = append(places, p)
		}
	}
	return places
}

// find takes what the place needs to know of its table, and of the one that is its
// lock.
func (p *place) find(tables []table, i int) {
	p.schema, p.table, p.visible = tables[i].schema, tables[i].name, true
	all := []table{tables[i]}
	if suffix := p.tool.lock.suffix; suffix != "" {
		column, _, _ := strings.Cut(strings.ToLower(p.tool.lock.held), " ")
		if i := find(tables, p.schema, p.table+suffix); i >= 0 && tables[i].columns[column] != "" {
			p.lockTable = tables[i].name
			all = append(all, tables[i])
		}
	}
	p.timestamps = " "
	for _, t := range all {
		for _, name := range slices.Sorted(maps.Keys(t.columns)) {
			if strings.HasPrefix(t.columns[name], "timestamp") {
				p.timestamps += name + " "
			}
		}
	}
}

// find returns the index of the table by its exact name, or else by one that
// differs in case: Liquibase's are in capitals, and servers may change that.
func find(tables []table, schema, name string) int {
	exact := slices.IndexFunc(tables, func(t table) bool { return t.schema == schema && t.name == name })
	if exact >= 0 {
		return exact
	}
	return slices.IndexFunc(tables, func(t table) bool { return strings.EqualFold(t.schema, schema) && strings.EqualFold(t.name, name) })
}

// names are the ends of the names of all tables that matter, in lower case.
func (c *catalog) names() []string {
	var all []string
	add := func(t *tool, name string) {
		name = strings.ToLower(name)
		all = append(all, name)
		if t.lock.suffix != "" {
			all = append(all, name+strings.ToLower(t.lock.suffix))
		}
	}
	for _, p := range c.configured {
		add(p.tool, p.table)
	}
	if c.discover {
		for _, t := range c.tools {
			add(t, t.table)
			for _, name := range t.others {
				add(t, name)
			}
			if t.beside != "" {
				all = append(all, t.beside)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	// What ends with another one is found with that.
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		return slices.ContainsFunc(all, func(other string) bool { return other != name && strings.HasSuffix(name, other) })
	})
}

// condition keeps the tables whose names end like a history's: a prefix is a
// common setting. Both servers decide it by the names alone, before they open a
// table.
func (c *catalog) condition() (string, []any) {
	var likes []string
	var args []any
	for _, name := range c.names() {
		likes = append(likes, "LOWER(TABLE_NAME) LIKE ?")
		args = append(args, "%"+strings.NewReplacer(`\`, `\\`, "_", `\_`, "%", `\%`).Replace(name))
	}
	return "TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') AND (" +
		strings.Join(likes, " OR ") + ")", args
}

// tables returns the base tables whose names may be a history's, with those
// columns that the account may read, in the order of their names. What a view
// runs is not ours to choose.
func (c *catalog) tables(ctx context.Context, server collector.Server) ([]table, error) {
	condition, args := c.condition()
	type key struct{ schema, name string }
	found := map[key]table{}
	err := server.Query(ctx, func(row collector.Row) error {
		var k key
		var kind string
		if err := row.Scan(&k.schema, &k.name, &kind); err != nil || kind == "VIEW" {
			return err
		}
		found[k] = table{schema: k.schema, name: k.name, columns: map[string]string{}}
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE "+condition, args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	err = server.Query(ctx, func(row collector.Row) error {
		var k key
		var column, kind, privileges string
		if err := row.Scan(&k.schema, &k.name, &column, &kind, &privileges); err != nil {
			return err
		}
		if t, ok := found[k]; ok && strings.Contains(privileges, "select") {
			t.columns[strings.ToLower(column)] = strings.ToLower(kind)
		}
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, PRIVILEGES FROM information_schema.COLUMNS WHERE "+
		condition, args...)
	if err != nil {
		return nil, err
	}
	var tables []table
	for _, t := range found {
		if len(t.columns) > 0 {
			tables = append(tables, t)
		}
	}
	slices.SortFunc(tables, func(a, b table) int {
		return cmp.Or(cmp.Compare(a.schema, b.schema), cmp.Compare(a.name, b.name))
	})
	return tables, nil
}
