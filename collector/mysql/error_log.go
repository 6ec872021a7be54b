// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

const (
	errorLogTable = "performance_schema.error_log"
	// newestMessage is the time of the newest message in microseconds, 0 before the first. It is asked before the table,
	// which has 30000 rows when it is full, and no index for a range.
	newestMessage = "SHOW GLOBAL STATUS LIKE 'Error_log_latest_write'"
	// messagesBetween counts the messages after one time and up to another. No two have the same.
	messagesBetween = `SELECT PRIO, COALESCE(SUBSYSTEM, ''), COUNT(*), UNIX_TIMESTAMP(MAX(LOGGED)) FROM ` + errorLogTable +
		` WHERE UNIX_TIMESTAMP(LOGGED) * 1000000 > ? AND UNIX_TIMESTAMP(LOGGED) * 1000000 <= ? GROUP BY 1, 2`
	newestError = `SELECT UNIX_TIMESTAMP(MAX(LOGGED)) FROM ` + errorLogTable + ` WHERE PRIO = 'Error'`
)

var (
	errorLogMessages = &collector.Family{
		Name: "dbsync_mysql_error_log_messages_total", Type: collector.Counter, Labels: []string{"priority", "subsystem"},
		Source: errorLogTable, MaxSeries: 64,
		Help: "Messages that the server wrote to its error log since the exporter began to look, by priority (system, error, warning, " +
			"note) and subsystem. What log_error_verbosity or the filter keeps out of the log is not seen.",
	}
	errorLogLastError = &collector.Family{
		Name: "dbsync_mysql_error_log_last_error_timestamp_seconds", Source: errorLogTable,
		Help: "When the newest message of priority error was written, in Unix time. Absent when the table has none: it keeps the newest 5 MB.",
	}
)

func errorLog() collector.Definition {
	return collector.Definition{
		Name:    "mysql.error_log",
		Help:    "Messages in the server's error log, by priority and subsystem.",
		Default: true,
		Needs: collector.Needs{
			Server: true, PerformanceSchema: true,
			Versions: map[collector.Flavour]collector.Range{collector.MySQL: {From: collector.Version{Major: 8, Minor: 0, Patch: 22}}},
			Privileges: map[collector.Flavour][]collector.Privilege{
				collector.MySQL: {{Name: "SELECT", On: errorLogTable, Why: "counts of messages in the error log"}},
			},
		},
		Cost:     "One status variable; when it tells of a new message, a statement over the table: 7 ms when the table is full.",
		Families: []*collector.Family{errorLogMessages, errorLogLastError},
		New:      func(t *collector.Target) collector.Collector { return &errorLogCollector{server: t.Server} },
	}
}

// message is what messages are counted by.
type message struct{ priority, subsystem string }

// errorLogCollector counts on from where it was: the table is a ring, and after
// a start the server fills it again from the file.
type errorLogCollector struct {
	server    collector.Server
	counts    map[message]float64 // nil before the first collection
	counted   int64               // time of the newest message that is counted, in microseconds
	lastError sql.NullFloat64
}

func (c *errorLogCollector) Collect(ctx context.Context, out *collector.Sink) error {
	newest, err := c.newest(ctx)
	switch {
	case err != nil:
		return err
	case c.counts == nil:
		err = c.begin(ctx)
	case newest > c.counted:
		err = c.countUntil(ctx, newest)
	}
	if err != nil {
		return err
	}
	c.counted = newest // an earlier one than before means another server, or a clock put back
	for m, count := range c.counts {
		out.Emit(errorLogMessages, count, m.priority, m.subsystem)
	}
	if c.lastError.Valid {
		out.Emit(errorLogLastError, c.lastError.Float64)
	}
	return nil
}

func (c *errorLogCollector) newest(ctx context.Context) (micros int64, err error) {
	err = c.server.Query(ctx, func(row collector.Row) error {
		var name string
		return row.Scan(&name, &micros)
	}, newestMessage)
	return micros, err
}

// begin sets the known kinds to zero, so that the first message of each is an
// increase. What is in the table already may have been counted by an exporter
// before this one.
func (c *errorLogCollector) begin(ctx context.Context) error {
	err := c.server.Query(ctx, func(row collector.Row) error { return row.Scan(&c.lastError) }, newestError)
	if err != nil {
		return err
	}
	c.counts = map[message]float64{}
	for _, priority := range []string{"system", "error", "warning", "note"} {
		for _, subsystem := range []string{"server", "innodb", "repl"} {
			c.counts[message{priority, subsystem}] = 0
		}
	}
	return nil
}

// countUntil adds the messages that are not counted yet.
func (c *errorLogCollector) countUntil(ctx context.Context, newest int64) error {
	added, lastError := map[message]float64{}, c.lastError
	err := c.server.Query(ctx, func(row collector.Row) error {
		var priority, subsystem string
		var count, last float64
		if err := row.Scan(&priority, &subsystem, &count, &last); err != nil {
			return err
		}
		m := message{strings.ToLower(priority), strings.ToLower(subsystem)}
		added[m] += count
		if m.priority == "error" {
			lastError = sql.NullFloat64{Float64: max(lastError.Float64, last), Valid: true}
		}
		return nil
	}, messagesBetween, c.counted, newest)
	if err != nil {
		return err
	}
	c.lastError = lastError
	for m, count := range added {
		c.counts[m] += count
	}
	return nil
}
