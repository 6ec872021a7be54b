// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

const replicationSource = "SHOW REPLICA STATUS (SHOW SLAVE STATUS before MySQL 8.0.22, SHOW ALL SLAVES STATUS on MariaDB)"

var (
	replicationConfigured = replicationFamily("dbsync_replication_configured",
		"Whether the server replicates from a source, running or not. One series with an empty channel and 0 when it has none.")
	replicationLagKnown = replicationFamily("dbsync_replication_lag_known",
		"Whether the lag is known: both threads run and the receiver is connected to the source.")
	replicationLag = replicationFamily("dbsync_replication_lag_seconds",
		"Age of what is being applied, by the clocks of source and replica, the wanted delay included. Absent when unknown: a source "+
			"that cannot be reached may be any time ahead, whatever the server reports.")
	replicationDelay = replicationFamily("dbsync_replication_delay_seconds",
		"How far the replica stays behind on purpose (SQL_Delay): what of the lag is wanted.")
	replicationIORunning = replicationFamily("dbsync_replication_io_running",
		"Whether the receiver runs and is connected to the source.")
	replicationSQLRunning = replicationFamily("dbsync_replication_sql_running",
		"Whether the applier runs.")
	replicationSourceInfo = replicationFamily("dbsync_replication_source_info",
		"1 for the source of the channel, and whether its position is a GTID. Id and UUID (MySQL) are known since the first connection.",
		"host", "port", "server_id", "uuid", "gtid")
	replicationErrorCode = replicationFamily("dbsync_replication_last_error_code",
		"Error number that stopped the thread (io, sql), or that keeps it from connecting; 0 for none. The thread's start clears it.",
		"thread")

	// The names of mysqld-mixin's alerts, with the value that the server reports.
	slaveIORunning     = slaveStatusFamily("slave_io_running", "Whether the receiver runs and is connected.")
	slaveSQLRunning    = slaveStatusFamily("slave_sql_running", "Whether the applier runs.")
	slaveSecondsBehind = slaveStatusFamily("seconds_behind_master",
		"The server's own figure, which MySQL keeps at 0 while it cannot connect; dbsync_replication_lag_seconds is absent then.")
	slaveSQLDelay = slaveStatusFamily("sql_delay", "How many seconds the replica stays behind on purpose.")
)

func replicationFamily(name, help string, labels ...string) *collector.Family {
	return &collector.Family{Name: name, Help: help, Source: replicationSource, Labels: append([]string{"channel"}, labels...)}
}

// slaveStatusFamily declares a family in the form of mysqld_exporter, on every
// version under the name that MariaDB and MySQL 5.7 have for the column.
func slaveStatusFamily(column, help string) *collector.Family {
	return &collector.Family{
		Name: "mysql_slave_status_" + column, Help: help, Source: replicationSource, Type: collector.Untyped,
		Labels: []string{"master_host", "master_uuid", "channel_name", "connection_name"},
	}
}

func replication() collector.Definition {
	return collector.Definition{
		Name:    "mysql.replication",
		Help:    "Replication of each channel: its threads, lag, source and last errors.",
		Default: true,
		Needs: collector.Needs{Server: true, Privileges: map[collector.Flavour][]collector.Privilege{
			collector.MySQL:   {{Name: "REPLICATION CLIENT", On: "*.*", Why: "the state of replication"}},
			collector.MariaDB: {{Name: "SLAVE MONITOR", On: "*.*", Why: "the state of replication"}},
		}},
		Cost: "One SHOW statement, which reads memory: 0.2 ms. A STOP REPLICA that waits for a long transaction does not delay it.",
		Families: []*collector.Family{
			replicationConfigured, replicationLagKnown, replicationLag, replicationDelay, replicationIORunning,
			replicationSQLRunning, replicationSourceInfo, replicationErrorCode,
			slaveIORunning, slaveSQLRunning, slaveSecondsBehind, slaveSQLDelay,
		},
		New: func(t *collector.Target) collector.Collector {
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				return collectReplication(ctx, t.Server, out)
			})
		},
	}
}

func collectReplication(ctx context.Context, server collector.Server, out *collector.Sink) error {
	facts, err := server.Facts(ctx)
	if err != nil {
		return err
	}
	channels := 0
	err = server.Query(ctx, func(row collector.Row) error {
		values, err := replicaColumns(row)
		if err != nil {
			return err
		}
		c := channel{values: values}
		if c.ofGroup() {
			return nil
		}
		channels++
		c.emit(out)
		return errors.Join(c.errs...)
	}, replicaStatement(facts))
	if err == nil && channels == 0 {
		out.Emit(replicationConfigured, 0, "")
		out.Emit(replicationLagKnown, 0, "")
	}
	return err
}

// replicaStatement returns the statement that lists all channels.
func replicaStatement(f collector.Facts) string {
	switch {
	case f.Flavour == collector.MariaDB:
		return "SHOW ALL SLAVES STATUS"
	case f.Version.AtLeast(collector.Version{Major: 8, Minor: 0, Patch: 22}):
		return "SHOW REPLICA STATUS"
	}
	return "SHOW SLAVE STATUS"
}

// replicaColumns returns a row by MySQL's newest names of its columns.
func replicaColumns(row collector.Row) (map[string]sql.NullString, error) {
	names, err := row.Columns()
	if err != nil {
		return nil, err
	}
	values, dest := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		dest[i] = &values[i]
	}
	if err := row.Scan(dest...); err != nil {
		return nil, err
	}
	newest := strings.NewReplacer("Master", "Source", "Slave", "Replica")
	columns := make(map[string]sql.NullString, len(names))
	for i, name := range names {
		columns[newest.Replace(name)] = values[i]
	}
	return columns, nil
}

// channel is a replication channel: a row of the statement.
type channel struct {
	values map[string]sql.NullString
	errs   []error
}

// name is empty for the default channel. MariaDB calls it a connection.
func (c *channel) name() string { return cmp.Or(c.text("Channel_Name"), c.text("Connection_name")) }

// ofGroup tells group replication's own channels. They are members' business:
// the one for recovery stands still whenever nobody recovers.
func (c *channel) ofGroup() bool {
	return strings.HasPrefix(c.text("Channel_Name"), "group_replication_")
}

func (c *channel) emit(out *collector.Sink) {
	name := c.name()
	io, sql := c.is("Replica_IO_Running", "Yes"), c.is("Replica_SQL_Running", "Yes")
	behind, reported := c.number("Seconds_Behind_Source")
	delay, hasDelay := c.number("SQL_Delay")

	out.Emit(replicationConfigured, 1, name)
	out.Emit(replicationIORunning, collector.Bool(io), name)
	out.Emit(replicationSQLRunning, collector.Bool(sql), name)
	known := io && sql && reported
	out.Emit(replicationLagKnown, collector.Bool(known), name)
	if known {
		out.Emit(replicationLag, behind, name)
	}
	if hasDelay {
		out.Emit(replicationDelay, delay, name)
	}
	out.Emit(replicationSourceInfo, 1, name, c.text("Source_Host"), c.text("Source_Port"), c.text("Source_Server_Id"),
		c.text("Source_UUID"), strconv.FormatBool(c.byGTID()))
	for thread, column := range map[string]string{"io": "Last_IO_Errno", "sql": "Last_SQL_Errno"} {
		if code, ok := c.number(column); ok {
			out.Emit(replicationErrorCode, code, name, thread)
		}
	}

	labels := []string{c.text("Source_Host"), c.text("Source_UUID"), c.text("Channel_Name"), c.text("Connection_name")}
	out.Emit(slaveIORunning, collector.Bool(io), labels...)
	out.Emit(slaveSQLRunning, collector.Bool(sql), labels...)
	if reported {
		out.Emit(slaveSecondsBehind, behind, labels...)
	}
	if hasDelay {
		out.Emit(slaveSQLDelay, delay, labels...)
	}
}

func (c *channel) text(column string) string    { return c.values[column].String }
func (c *channel) is(column, value string) bool { return c.text(column) == value }

// byGTID reports whether the replica asks for what it lacks by GTID: MySQL's
// Auto_Position is 0 or 1, MariaDB's Using_Gtid No, Current_Pos or Slave_Pos.
func (c *channel) byGTID() bool {
	return c.is("Auto_Position", "1") || c.values["Using_Gtid"].Valid && !c.is("Using_Gtid", "No")
}

// number returns the column's value unless it is NULL or not there. What is no
// number fails the collection.
func (c *channel) number(column string) (float64, bool) {
	v := c.values[column]
	if !v.Valid {
		return 0, false
	}
	n, err := strconv.ParseFloat(v.String, 64)
	if err != nil {
		c.errs = append(c.errs, fmt.Errorf("column %s of channel %q: %w", column, c.name(), err))
	}
	return n, err == nil
}
