// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/easy-erp/dbsync/collector"
)

var (
	historiesFound = &collector.Family{
		Name: "dbsync_migration_histories", Labels: []string{"tool"},
		Help:   "History tables that were found, by the tool that their columns show.",
		Source: "information_schema.TABLES, information_schema.COLUMNS",
	}
	discoveryFamilies = []*collector.Family{historiesFound}
)

// finder looks for histories. Its collector runs in the background; a scrape
// that comes before its first result waits for one.
type finder struct {
	mu    sync.Mutex
	known bool
	found []place
	// anyCase says that the server keeps names without regard to case.
	anyCase bool
}

// discovery returns the collector that looks for histories.
func (s *shared) discovery(t *collector.Target) collector.Collector {
	if s.opts.Discover {
		s.finder = &finder{}
	}
	return collector.Func(func(ctx context.Context, out *collector.Sink) error {
		if s.finder == nil {
			return collector.Skip(collector.Unconfigured, "set migrations.discover to true")
		}
		found, err := s.finder.find(ctx, t.Server)
		if err != nil {
			return err
		}
		count := map[string]int{}
		for _, p := range found {
			count[p.tool.name]++
		}
		for _, name := range Tools() {
			out.Emit(historiesFound, float64(count[name]), name)
		}
		return nil
	})
}

// places returns the histories of the target: the configured ones, and what was
// discovered besides.
func (s *shared) places(ctx context.Context, t *collector.Target) ([]place, error) {
	all := slices.Clone(s.configured)
	if s.finder == nil {
		return all, nil
	}
	found, anyCase, err := s.finder.results(ctx, t.Server)
	if err != nil {
		return nil, err
	}
	same := func(a, b string) bool { return a == b || anyCase && strings.EqualFold(a, b) }
	for _, p := range found {
		named := func(c place) bool { return same(c.schema, p.schema) && same(c.table, p.table) }
		if !slices.ContainsFunc(s.configured, named) {
			all = append(all, p)
		}
	}
	return all, nil
}

// results returns what was found last. Before the first search has ended it
// searches.
func (f *finder) results(ctx context.Context, server collector.Server) ([]place, bool, error) {
	f.mu.Lock()
	known, found, anyCase := f.known, f.found, f.anyCase
	f.mu.Unlock()
	if known {
		return found, anyCase, nil
	}
	found, err := f.find(ctx, server)
	f.mu.Lock()
	defer f.mu.Unlock()
	return found, f.anyCase, err
}

// find searches, and remembers what it found.
func (f *finder) find(ctx context.Context, server collector.Server) ([]place, error) {
	tables, anyCase, err := candidates(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("look for history tables: %w", err)
	}
	var found []place
	if len(tables) > 0 {
		if found, err = classify(ctx, server, tables); err != nil {
			return nil, fmt.Errorf("look at the columns of history tables: %w", err)
		}
	}
	if len(found) > maxHistories {
		return nil, fmt.Errorf("%d histories, more than %d: set migrations.discover to false and name those that matter",
			len(found), maxHistories)
	}
	f.mu.Lock()
	f.known, f.found, f.anyCase = true, found, anyCase
	f.mu.Unlock()
	return found, nil
}

// nameCondition keeps the tables whose names end like a known history's: a
// prefix is a common setting. Both servers decide it by the names alone, before
// they open a table. Views are left out: what they run is not ours to choose.
func nameCondition() (string, []any) {
	var likes []string
	var args []any
	for _, t := range tools() {
		for _, name := range append([]string{t.table}, t.others...) {
			likes = append(likes, "LOWER(TABLE_NAME) LIKE ?")
			args = append(args, "%"+strings.ReplaceAll(name, "_", `\_`))
		}
	}
	return "TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') AND (" +
		strings.Join(likes, " OR ") + ")", args
}

type tableName struct{ schema, table string }

// candidates returns the base tables that may be histories by their names.
func candidates(ctx context.Context, server collector.Server) (map[tableName]bool, bool, error) {
	condition, args := nameCondition()
	tables, lower := map[tableName]bool{}, 0
	err := server.Query(ctx, func(row collector.Row) error {
		var t tableName
		var kind string
		if err := row.Scan(&t.schema, &t.table, &kind, &lower); err != nil {
			return err
		}
		if kind != "VIEW" {
			tables[t] = true
		}
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, @@lower_case_table_names FROM information_schema.TABLES WHERE "+
		condition, args...)
	return tables, lower > 0, err
}

// classify tells the tools of the tables by their columns.
func classify(ctx context.Context, server collector.Server, tables map[tableName]bool) ([]place, error) {
	condition, args := nameCondition()
	columns := map[tableName][]string{}
	err := server.Query(ctx, func(row collector.Row) error {
		var t tableName
		var column string
		if err := row.Scan(&t.schema, &t.table, &column); err != nil {
			return err
		}
		if tables[t] {
			columns[t] = append(columns[t], strings.ToLower(column))
		}
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE "+condition, args...)
	if err != nil {
		return nil, err
	}
	var found []place
	for t, names := range columns {
		if tool := toolWith(names); tool != nil {
			found = append(found, place{schema: t.schema, table: t.table, tool: tool})
		}
	}
	slices.SortFunc(found, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.schema, b.schema), cmp.Compare(a.table, b.table))
	})
	return found, nil
}
