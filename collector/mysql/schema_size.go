// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	schemaSizeSource = "mysql.innodb_table_stats"
	largestTables    = 20
)

var (
	schemaSize = &collector.Family{
		Name: "dbsync_mysql_schema_size_bytes", Labels: []string{"schema", "component"},
		Help: "Size of a schema's InnoDB tables: data (the rows) and index (secondary indexes). InnoDB counts a table anew when a tenth " +
			"of its rows changed, so it is right to about that. Tables without persistent statistics and of other engines are missing, " +
			"compressed ones are counted uncompressed.",
		Source: schemaSizeSource,
	}
	tableSize = &collector.Family{
		Name: "dbsync_mysql_table_size_bytes", Labels: []string{"schema", "table", "component"}, MaxSeries: 2 * largestTables,
		Help:   "Size of each of the 20 largest InnoDB tables, partitions together, as dbsync_mysql_schema_size_bytes counts.",
		Source: schemaSizeSource,
	}
)

func schemaSizes() collector.Definition {
	stats := []collector.Privilege{{Name: "SELECT", On: schemaSizeSource, Why: "sizes of tables"}}
	return collector.Definition{
		Name:    "mysql.schema_size",
		Help:    "Sizes of the schemas and of the largest tables.",
		Default: true,
		Needs: collector.Needs{Server: true, Privileges: map[collector.Flavour][]collector.Privilege{
			collector.MySQL: stats, collector.MariaDB: stats,
		}},
		// information_schema.TABLES would have more, at the price of opening every
		// table on MariaDB, and only of tables that the account may touch.
		Cost: "Every 10 minutes one statement that reads one small table, with a row for each table and partition: 30 ms for " +
			"12,000. No table is opened for it.",
		Every:    10 * time.Minute,
		Deadline: time.Minute,
		Families: []*collector.Family{schemaSize, tableSize},
		New: func(t *collector.Target) collector.Collector {
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				return collectSchemaSizes(ctx, t.Server, out)
			})
		},
	}
}

// size is what InnoDB has reserved for rows and for secondary indexes, in bytes.
type size struct{ data, index float64 }

func (s size) plus(t size) size { return size{s.data + t.data, s.index + t.index} }
func (s size) total() float64   { return s.data + s.index }

type tableName struct{ schema, table string }

func collectSchemaSizes(ctx context.Context, server collector.Server, out *collector.Sink) error {
	schemas, tables := map[string]size{}, map[tableName]size{}
	err := server.Query(ctx, func(row collector.Row) error {
		var name tableName
		var s size
		if err := row.Scan(&name.schema, &name.table, &s.data, &s.index); err != nil {
			return err
		}
		name.table = withoutPartition(name.table)
		schemas[name.schema] = schemas[name.schema].plus(s)
		tables[name] = tables[name].plus(s)
		return nil
	}, "SELECT database_name, table_name, clustered_index_size * @@innodb_page_size,"+
		" sum_of_other_index_sizes * @@innodb_page_size FROM "+schemaSizeSource)
	if err != nil {
		return err
	}
	for schema, s := range schemas {
		out.Emit(schemaSize, s.data, schema, "data")
		out.Emit(schemaSize, s.index, schema, "index")
	}
	for _, name := range largest(tables) {
		out.Emit(tableSize, tables[name].data, name.schema, name.table, "data")
		out.Emit(tableSize, tables[name].index, name.schema, name.table, "index")
	}
	return nil
}

// largest returns the names of the largest tables. What an ALTER TABLE is
// building has a name for the time being only and is no table yet.
func largest(tables map[tableName]size) []tableName {
	names := slices.SortedFunc(maps.Keys(tables), func(a, b tableName) int {
		return cmp.Or(cmp.Compare(tables[b].total(), tables[a].total()),
			cmp.Compare(a.schema, b.schema), cmp.Compare(a.table, b.table))
	})
	names = slices.DeleteFunc(names, func(n tableName) bool { return strings.HasPrefix(n.table, "#sql") })
	return names[:min(len(names), largestTables)]
}

// withoutPartition cuts "#P#name" off, which MySQL 8 writes in lower case.
func withoutPartition(table string) string {
	table, _, _ = strings.Cut(table, "#P#")
	table, _, _ = strings.Cut(table, "#p#")
	return table
}
