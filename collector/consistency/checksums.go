// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

const checksumTable = "the table checksums of pt-table-checksum, such as percona.checksums"

var (
	differentChunks = checksum("dbsync_consistency_different_chunks",
		"Chunks of the table in which this replica differed from its source when pt-table-checksum last compared them. Always 0 on the source.")
	differentRows = checksum("dbsync_consistency_different_rows",
		"Rows that these chunks have more or fewer than on the source (DIFF_ROWS of pt-table-checksum): 0 where only the contents differ.")
	lastCheck = checksum("dbsync_consistency_last_check_timestamp_seconds",
		"When pt-table-checksum last compared a chunk of the table, in Unix time.")

	checksumFamilies = []*collector.Family{differentChunks, differentRows, lastCheck}
)

func checksum(name, help string) *collector.Family {
	return &collector.Family{Name: name, Help: help, Source: checksumTable, Labels: []string{"schema", "table"}}
}

func checksumPrivileges() map[collector.Flavour][]collector.Privilege {
	table := []collector.Privilege{{Name: "SELECT", On: "percona.checksums", Optional: true, Why: "what pt-table-checksum found"}}
	return map[collector.Flavour][]collector.Privilege{collector.MySQL: table, collector.MariaDB: table}
}

type checksums struct{ server collector.Server }

func (c checksums) Collect(ctx context.Context, out *collector.Sink) error {
	tables, err := c.find(ctx)
	if err != nil {
		return err
	}
	if len(tables) == 0 {
		return collector.Skip(collector.Unconfigured, "there is no table checksums of pt-table-checksum that the account may read")
	}
	for _, table := range tables {
		out.Source(ctx, table.schema+".checksums", func(ctx context.Context, out *collector.Sink) error {
			return c.read(ctx, out, table)
		})
	}
	return nil
}

// checksumsOf is a table checksums. Its columns call the source master until
// percona-toolkit 3.6, source since 3.7.
type checksumsOf struct{ schema, source string }

// find returns the tables: those that have the columns of a version of the tool.
func (c checksums) find(ctx context.Context) ([]checksumsOf, error) {
	var tables []checksumsOf
	err := c.server.Query(ctx, func(row collector.Row) error {
		var t checksumsOf
		if err := row.Scan(&t.schema, &t.source); err != nil {
			return err
		}
		tables = append(tables, t)
		return nil
	}, `SELECT TABLE_SCHEMA, IF(SUM(COLUMN_NAME LIKE 'source%') = 2, 'source', 'master') FROM information_schema.COLUMNS `+
		`WHERE TABLE_NAME = 'checksums' AND FIND_IN_SET('select', PRIVILEGES) AND COLUMN_NAME IN `+
		`('db', 'tbl', 'chunk', 'this_crc', 'this_cnt', 'master_crc', 'master_cnt', 'source_crc', 'source_cnt', 'ts') GROUP BY TABLE_SCHEMA `+
		`HAVING COUNT(*) >= 8 AND (SUM(COLUMN_NAME LIKE 'source%') = 2 OR SUM(COLUMN_NAME LIKE 'master%') = 2)`)
	return tables, err
}

// read compares as the documentation of pt-table-checksum does. A chunk without
// the source's figures is being worked on.
func (c checksums) read(ctx context.Context, out *collector.Sink, of checksumsOf) error {
	return c.server.Query(ctx, func(row collector.Row) error {
		var db, table string
		var chunks, rows, last float64
		if err := row.Scan(&db, &table, &chunks, &rows, &last); err != nil {
			return err
		}
		out.Emit(differentChunks, chunks, db, table)
		out.Emit(differentRows, rows, db, table)
		out.Emit(lastCheck, last, db, table)
		return nil
	}, strings.NewReplacer("{s}", quote(of.schema), "{source}", of.source).Replace(
		"SELECT db, tbl, SUM({source}_cnt <> this_cnt OR {source}_crc <> this_crc OR ISNULL({source}_crc) <> ISNULL(this_crc)), "+
			"SUM(ABS(CAST({source}_cnt AS SIGNED) - CAST(this_cnt AS SIGNED))), UNIX_TIMESTAMP(MAX(ts)) "+
			"FROM {s}.checksums WHERE {source}_cnt IS NOT NULL GROUP BY db, tbl"))
}
