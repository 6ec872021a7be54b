// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// historyTable reads what XtraBackup and mariadb-backup keep in the server with
// --history: a row per successful backup, written at its end.
type historyTable struct {
	server collector.Server
	now    func() time.Time

	read time.Time // when the table was last asked
	runs []Run
	err  error
}

const (
	// historyEvery is how often a history table is asked.
	historyEvery = time.Minute
	// historyRows bounds what is read of it.
	historyRows = "1000"
)

// errNoHistory says that no history table can be seen. Without a grant on a table
// it looks as if there were none.
var errNoHistory = collector.Skip(collector.Unprivileged,
	"no history table can be seen: back up with --history, and GRANT SELECT on mysql.mariadb_backup_history "+
		"or PERCONA_SCHEMA.xtrabackup_history to the monitoring account")

// look returns the rows, which are true forever: while the server cannot be asked,
// those that were read before.
func (h *historyTable) look(ctx context.Context) (history, error) {
	if h.server == nil {
		return history{}, collector.Skip(collector.Unconfigured, "name a MySQL target in the configuration")
	}
	if now := h.now(); now.Sub(h.read) >= historyEvery {
		h.read = now
		var runs []Run
		if runs, h.err = h.rows(ctx); h.err == nil {
			h.runs = runs
		}
	}
	if h.err != nil && h.runs == nil {
		return history{}, h.err
	}
	return history{runs: h.runs}, nil
}

func (h *historyTable) rows(ctx context.Context) ([]Run, error) {
	table, err := h.find(ctx)
	if err != nil {
		return nil, err
	}
	runs := []Run{}
	err = h.server.Query(ctx, func(row collector.Row) error {
		var id, position sql.NullString
		var start, end sql.NullFloat64
		var from, to sql.Null[uint64]
		var incremental sql.NullBool
		if err := row.Scan(&id, &start, &end, &from, &to, &incremental, &position); err != nil {
			return err
		}
		r := Run{
			ID: id.String, Kind: Full, Start: unixTime(start), End: unixTime(end), Status: Success, Evidence: "history table", Gone: true,
			Link:     Link{From: from.V, To: to.V, Name: id.String},
			Position: parseBinlogPos(position.String),
		}
		if incremental.Bool {
			r.Kind = Incremental
		}
		runs = append(runs, r)
		return nil
	}, "SELECT uuid, UNIX_TIMESTAMP(start_time), UNIX_TIMESTAMP(end_time), innodb_from_lsn, innodb_to_lsn,"+
		" incremental = 'Y', binlog_pos FROM "+table+" ORDER BY end_time DESC LIMIT "+historyRows)
	return runs, err
}

// find returns the table's name as it is to be written. The server's own is
// preferred: older versions of the tools may have left the other one behind.
func (h *historyTable) find(ctx context.Context) (string, error) {
	table := ""
	err := h.server.Query(ctx, func(row collector.Row) error {
		var schema, name string
		if err := row.Scan(&schema, &name); err != nil {
			return err
		}
		if table == "" || strings.EqualFold(schema, "mysql") {
			table = "`" + schema + "`.`" + name + "`"
		}
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES"+
		" WHERE (TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'mariadb_backup_history')"+
		" OR (TABLE_SCHEMA IN ('PERCONA_SCHEMA', 'percona_schema') AND TABLE_NAME = 'xtrabackup_history')")
	if err == nil && table == "" {
		err = errNoHistory
	}
	return table, err
}

func unixTime(seconds sql.NullFloat64) time.Time {
	if !seconds.Valid || seconds.Float64 == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds.Float64 * 1000))
}

// withHistory adds to the backups that are there those that the server remembers:
// they count as made, and are not there to be restored.
type withHistory struct {
	*fileSource
	table *historyTable
}

func (w *withHistory) look(ctx context.Context) (history, error) {
	h, err := w.fileSource.look(ctx)
	if err != nil {
		return h, err
	}
	remembered, err := w.table.look(ctx)
	var skip *collector.SkipError
	if err != nil && !errors.As(err, &skip) {
		return history{}, err
	}
	there := map[string]bool{}
	for _, r := range h.runs {
		there[r.Link.Name] = true
	}
	for _, r := range remembered.runs {
		if !there[r.Link.Name] {
			h.runs = append(h.runs, r)
		}
	}
	return h, nil
}
