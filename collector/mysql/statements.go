// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	digestTable = "performance_schema.events_statements_summary_by_digest"
	// statementsStatement adds up in the server: a full table has ten thousand rows. Timers are picoseconds.
	statementsStatement = `SELECT SCHEMA_NAME, SUM(COUNT_STAR), SUM(SUM_TIMER_WAIT) / 1e12, SUM(SUM_ERRORS),` +
		` SUM(SUM_ROWS_EXAMINED), MAX(MAX_TIMER_WAIT) / 1e12, SUM(IF(DIGEST IS NULL, COUNT_STAR, 0))` +
		` FROM ` + digestTable + ` GROUP BY SCHEMA_NAME`
	statementsInterval = 30 * time.Second
)

var (
	statementsTotal = statementFamily("statements_total", collector.Counter,
		"Statements of clients by default schema; \"\" for those without one, and for those that found the digest table full. "+
			"What runs inside a stored program counts as its CALL. Starts anew when the server starts or the table is truncated.")
	statementSeconds = statementFamily("statement_seconds_total", collector.Counter,
		"Seconds that these statements took, waits for locks included.")
	statementErrors = statementFamily("statement_errors_total", collector.Counter,
		"Errors that these statements raised.")
	statementRowsExamined = statementFamily("statement_rows_examined_total", collector.Counter,
		"Rows that the server looked at for these statements.")
	statementMaxSeconds = statementFamily("statement_max_seconds", collector.Gauge,
		"Seconds that the slowest of these statements took since the counters' start.")
	statementDigestLost = &collector.Family{
		Name: "dbsync_mysql_statement_digest_lost_total", Type: collector.Counter, Source: digestTable,
		Help: "Statements that found the digest table full: they count under the schema \"\", whatever theirs was. Truncate the " +
			"table, or raise performance_schema_digests_size.",
	}
)

func statementFamily(name string, kind collector.Type, help string) *collector.Family {
	return &collector.Family{Name: "dbsync_mysql_" + name, Help: help, Type: kind, Source: digestTable, Labels: []string{"schema"}}
}

func statements() collector.Definition {
	read := []collector.Privilege{{Name: "SELECT", On: digestTable, Why: "counts and times of statements"}}
	return collector.Definition{
		Name:    "mysql.statements",
		Help:    "Statements, their time, errors and rows by schema.",
		Default: true,
		Needs: collector.Needs{Server: true, PerformanceSchema: true, Privileges: map[collector.Flavour][]collector.Privilege{
			collector.MySQL: read, collector.MariaDB: read,
		}},
		Cost: "One statement over the digest table, without locks. With the table full it takes 50 ms of CPU on MySQL (10000 digests) " +
			"and 8 ms on MariaDB (5000), which is why it is read in the background.",
		Every: statementsInterval,
		Families: []*collector.Family{
			statementsTotal, statementSeconds, statementErrors, statementRowsExamined, statementMaxSeconds, statementDigestLost,
		},
		New: func(t *collector.Target) collector.Collector {
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				return collectStatements(ctx, t.Server, out)
			})
		},
	}
}

func collectStatements(ctx context.Context, server collector.Server, out *collector.Sink) error {
	schemas, lost := 0, 0.0
	err := server.Query(ctx, func(row collector.Row) error {
		var schema sql.NullString
		var count, seconds, errors, examined, slowest, unplaced float64
		if err := row.Scan(&schema, &count, &seconds, &errors, &examined, &slowest, &unplaced); err != nil {
			return err
		}
		// No schema is called "", so that nothing can collide with NULL.
		out.Emit(statementsTotal, count, schema.String)
		out.Emit(statementSeconds, seconds, schema.String)
		out.Emit(statementErrors, errors, schema.String)
		out.Emit(statementRowsExamined, examined, schema.String)
		out.Emit(statementMaxSeconds, slowest, schema.String)
		schemas++
		lost += unplaced
		return nil
	}, statementsStatement)
	if err != nil {
		return err
	}
	if schemas == 0 {
		// Even an idle server has counted our own statements.
		return collector.Skip(collector.Unconfigured, "enable statements_digest in performance_schema.setup_consumers")
	}
	out.Emit(statementDigestLost, lost)
	return nil
}
