// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

const (
	transactionTable = "information_schema.INNODB_TRX"
	// transactionStatement turns InnoDB's times, which are in the server's zone whatever the session's is, into Unix
	// time. (In the hour that a zone with summer time repeats, they may be an hour off: the text does not tell.)
	transactionStatement = `SELECT trx_state, COUNT(*), COUNT(trx_wait_started),` +
		` UNIX_TIMESTAMP(CONVERT_TZ(MIN(trx_started), 'SYSTEM', @@session.time_zone)),` +
		` UNIX_TIMESTAMP() - UNIX_TIMESTAMP(CONVERT_TZ(MIN(trx_wait_started), 'SYSTEM', @@session.time_zone))` +
		` FROM ` + transactionTable + ` GROUP BY trx_state`
)

var (
	transactionCount = &collector.Family{
		Name: "dbsync_mysql_transactions", Labels: []string{"state"}, MaxSeries: 16, Source: transactionTable,
		Help: "Open InnoDB transactions by state. An idle session that has changed nothing yet is running, too.",
	}
	oldestTransaction = &collector.Family{
		Name: "dbsync_mysql_oldest_transaction_start_timestamp_seconds", Source: transactionTable,
		Help: "When the oldest of these transactions began, in Unix time. Absent when there is none.",
	}
	rowLockWaiters = &collector.Family{
		Name: "dbsync_mysql_row_lock_waiters", Source: transactionTable,
		Help: "Transactions that wait for a lock of InnoDB: of a row nearly always.",
	}
	rowLockOldestWait = &collector.Family{
		Name: "dbsync_mysql_row_lock_oldest_wait_seconds", Source: transactionTable,
		Help: "Seconds that the one of these has waited which has waited longest. Absent when none waits.",
	}
)

// collectTransactions reads transactions and their lock waits in one statement.
func collectTransactions(ctx context.Context, server collector.Server, out *collector.Sink) error {
	// A state that nothing is in is known to have none.
	states := map[string]float64{"running": 0, "lock_wait": 0, "rolling_back": 0, "committing": 0}
	waiting, began, waits := 0.0, sql.NullFloat64{}, sql.NullFloat64{}
	err := server.Query(ctx, func(row collector.Row) error {
		var state string
		var count, waiters float64
		var start, wait sql.NullFloat64
		if err := row.Scan(&state, &count, &waiters, &start, &wait); err != nil {
			return err
		}
		states[strings.ReplaceAll(strings.ToLower(state), " ", "_")] += count
		waiting += waiters
		if start.Float64 > 0 && (!began.Valid || start.Float64 < began.Float64) {
			began = start
		}
		if wait.Valid && (!waits.Valid || wait.Float64 > waits.Float64) {
			waits = wait
		}
		return nil
	}, transactionStatement)
	if err != nil {
		return err
	}
	for state, count := range states {
		out.Emit(transactionCount, count, state)
	}
	out.Emit(rowLockWaiters, waiting)
	if began.Valid {
		out.Emit(oldestTransaction, began.Float64)
	}
	if waits.Valid {
		out.Emit(rowLockOldestWait, max(0, waits.Float64))
	}
	return nil
}
