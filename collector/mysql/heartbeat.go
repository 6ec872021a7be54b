// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	heartbeatEvery = 10 * time.Second
	heartbeatLook  = time.Minute // where the table is
	// heartbeatAhead is how far a stored time may be ahead of the server's clock. What is
	// more is another time zone: those are a quarter of an hour apart at least.
	heartbeatAhead = 10 * time.Minute

	heartbeatTable = "the table heartbeat of pt-heartbeat"
)

// The names of mysqld_exporter, with its semantics but for time zones: both are in Unix
// time here.
var (
	heartbeatStored = heartbeatFamily("stored_timestamp_seconds",
		"When pt-heartbeat wrote last what has arrived here, in Unix time, by the server_id of the server that it wrote on.")
	heartbeatNow = heartbeatFamily("now_timestamp_seconds",
		"The server's clock at the moment when that was read. What it is ahead of the stored time is the lag, all servers between included.")
)

func heartbeatFamily(name, help string) *collector.Family {
	return &collector.Family{Name: "mysql_heartbeat_" + name, Help: help, Source: heartbeatTable, Labels: []string{"server_id"}}
}

// HeartbeatTable is where pt-heartbeat writes and how.
type HeartbeatTable struct {
	Schema, Name string // empty: found by its columns
	// UTC says that the tool runs with --utc. Else it writes the local time of its own
	// host, which is read in the server's time zone.
	UTC bool
}

// Heartbeat declares the collector of what pt-heartbeat writes.
func Heartbeat(where HeartbeatTable) collector.Definition {
	table := []collector.Privilege{{Name: "SELECT", On: "percona.heartbeat", Optional: true, Why: "the lag by pt-heartbeat"}}
	return collector.Definition{
		Name:    "mysql.heartbeat",
		Help:    "Lag by pt-heartbeat, which the replication threads' own figures do not decide.",
		Default: true,
		Needs: collector.Needs{Server: true, Privileges: map[collector.Flavour][]collector.Privilege{
			collector.MySQL: table, collector.MariaDB: table,
		}},
		Cost:     "Every 10 seconds one statement that reads a row for each server; every minute one that looks where the table is.",
		Every:    heartbeatEvery,
		Families: []*collector.Family{heartbeatStored, heartbeatNow},
		New: func(t *collector.Target) collector.Collector {
			return &heartbeat{where: where, server: t.Server, now: t.Now}
		},
	}
}

// heartbeat remembers where the table is.
type heartbeat struct {
	where  HeartbeatTable
	server collector.Server
	now    func() time.Time

	tables []beating
	looked time.Time
}

// beating is a table that pt-heartbeat writes.
type beating struct{ schema, name, kind string } // kind: the type of its column ts

func (h *heartbeat) Collect(ctx context.Context, out *collector.Sink) error {
	if now := h.now(); len(h.tables) == 0 || now.Sub(h.looked) >= heartbeatLook {
		tables, err := h.find(ctx)
		if err != nil {
			return err
		}
		h.tables, h.looked = tables, now
	}
	if len(h.tables) == 0 {
		return collector.Skip(collector.Unconfigured, "there is no table of pt-heartbeat that the account may read")
	}
	newest := map[string]beat{}
	for _, table := range h.tables {
		source := table.schema + "." + table.name
		out.Source(ctx, source, func(ctx context.Context, _ *collector.Sink) error {
			err := h.read(ctx, table, newest)
			if err != nil {
				h.tables = nil // it may have gone
			}
			return err
		})
	}
	for server, b := range newest {
		out.Emit(heartbeatStored, b.stored, server)
		out.Emit(heartbeatNow, b.now, server)
	}
	return nil
}

// find returns the tables: the configured one, or those called heartbeat that have the
// columns of the tool. Any table with ts and server_id would do for the tool itself.
func (h *heartbeat) find(ctx context.Context) ([]beating, error) {
	condition, args, columns := "TABLE_NAME = 'heartbeat' AND COLUMN_NAME IN ('ts', 'server_id', 'file', 'position')", []any(nil), 4
	if h.where.Name != "" {
		condition, args, columns = "TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME IN ('ts', 'server_id')",
			[]any{h.where.Schema, h.where.Name}, 2
	}
	var tables []beating
	err := h.server.Query(ctx, func(row collector.Row) error {
		var b beating
		if err := row.Scan(&b.schema, &b.name, &b.kind); err != nil {
			return err
		}
		tables = append(tables, b)
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, MAX(CASE WHEN COLUMN_NAME = 'ts' THEN DATA_TYPE END) FROM information_schema.COLUMNS WHERE "+
		condition+fmt.Sprintf(" AND FIND_IN_SET('select', PRIVILEGES) GROUP BY TABLE_SCHEMA, TABLE_NAME HAVING COUNT(*) = %d", columns), args...)
	return tables, err
}

// beat is a row: both in Unix time.
type beat struct{ stored, now float64 }

// read adds the rows of a table that are newer than what is known of their server.
func (h *heartbeat) read(ctx context.Context, table beating, newest map[string]beat) error {
	return h.server.Query(ctx, func(row collector.Row) error {
		var server string
		var stored *float64
		var b beat
		if err := row.Scan(&server, &stored, &b.now); err != nil {
			return err
		}
		if stored == nil {
			return fmt.Errorf("the time of server_id %s cannot be read", server)
		}
		if b.stored = *stored; b.stored > b.now+heartbeatAhead.Seconds() {
			return fmt.Errorf("the time of server_id %s is %.0f s ahead of the server's clock: its pt-heartbeat runs in another time zone. "+
				"Run it with --utc, and set mysql.heartbeat.utc", server, b.stored-b.now)
		}
		if b.stored > newest[server].stored {
			newest[server] = b
		}
		return nil
	}, "SELECT server_id, "+h.unixTime(table.kind)+", UNIX_TIMESTAMP(NOW(6)) FROM "+quoteName(table.schema)+"."+quoteName(table.name))
}

// unixTime is the expression of the column ts. Our sessions are in UTC.
func (h *heartbeat) unixTime(kind string) string {
	switch {
	case kind == "timestamp", h.where.UTC:
		return "UNIX_TIMESTAMP(ts)"
	}
	return "UNIX_TIMESTAMP(CONVERT_TZ(ts, @@GLOBAL.time_zone, '+00:00'))"
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
