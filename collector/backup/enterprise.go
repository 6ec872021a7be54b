// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// mysqlBackup is the method of MySQL Enterprise Backup's tables: mysql.backup_history
// has a row per backup that ended, and mysql.backup_progress the states of those that
// go on (MySQL Enterprise Backup User's Guide, "Using the MySQL Enterprise Backup
// Logs").
func mysqlBackup() method {
	return method{
		name:     "mysqlbackup",
		statuses: []Status{Success, Failed, Lost, Running},
		every:    10 * time.Second,
		open: func(b Backup, e *env, _ *method) source {
			return &enterpriseSource{server: e.server(), now: e.target.Now, limit: b.MaxDuration}
		},
	}
}

type enterpriseSource struct {
	server collector.Server
	now    func() time.Time
	limit  time.Duration // after which a backup that says nothing more is lost
}

// standIns are the columns that only some versions have, and what stands for them.
func standIns() map[string]string {
	return map[string]string{
		"start_time_utc": "NULL", "end_time_utc": "NULL", "backup_type": "'FULL'", "exit_state": "NULL",
		"start_lsn": "NULL", "end_lsn": "NULL", "binlog_file": "NULL", "binlog_pos": "NULL",
	}
}

func (s *enterpriseSource) look(ctx context.Context) (history, error) {
	if s.server == nil {
		return history{}, collector.Skip(collector.Unconfigured, "name a MySQL target in the configuration")
	}
	columns, err := s.columns(ctx)
	if err != nil {
		return history{}, err
	}
	if !columns["backup_history.backup_id"] {
		return history{}, collector.Skip(collector.Unprivileged,
			"mysql.backup_history cannot be seen: GRANT SELECT on it and on mysql.backup_progress to the monitoring account")
	}
	var h history
	if h.runs, err = s.ended(ctx, columns); err != nil || !columns["backup_progress.backup_id"] {
		return h, err
	}
	newest, err := s.newest(ctx)
	if err != nil || newest == nil || slices.ContainsFunc(h.runs, func(r Run) bool { return r.ID == newest.ID }) {
		return h, err
	}
	h.runs = append(h.runs, *newest)
	return h, nil
}

func (s *enterpriseSource) columns(ctx context.Context) (map[string]bool, error) {
	found := map[string]bool{}
	err := s.server.Query(ctx, func(row collector.Row) error {
		var table, column string
		if err := row.Scan(&table, &column); err != nil {
			return err
		}
		found[strings.ToLower(table+"."+column)] = true
		return nil
	}, "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS"+
		" WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME IN ('backup_history', 'backup_progress')")
	return found, err
}

// ended reads the backups that have ended. The CSV tables of old versions hold -1
// for NULL.
func (s *enterpriseSource) ended(ctx context.Context, columns map[string]bool) ([]Run, error) {
	pick := func(name string) string {
		if columns["backup_history."+name] {
			return name
		}
		return standIns()[name]
	}
	var runs []Run
	err := s.server.Query(ctx, func(row collector.Row) error {
		var id string
		var start, end, from, to, pos sql.NullInt64
		var kind, state, file sql.NullString
		if err := row.Scan(&id, &start, &end, &kind, &state, &from, &to, &file, &pos); err != nil {
			return err
		}
		r := Run{
			ID: id, Kind: Full, Start: micro(start), End: micro(end), Status: Failed, Evidence: "history table",
			Link: Link{From: uint64(max(0, from.Int64)), To: uint64(max(0, to.Int64))},
		}
		if strings.HasPrefix(strings.ToUpper(kind.String), "INC") || strings.HasPrefix(strings.ToUpper(kind.String), "DIFF") {
			r.Kind = Incremental
		}
		if strings.EqualFold(state.String, "SUCCESS") {
			r.Status = Success
		}
		if pos.Int64 > 0 {
			r.Position = Position{File: file.String, Pos: uint64(pos.Int64)}
		}
		runs = append(runs, r)
		return nil
	}, "SELECT backup_id, "+pick("start_time_utc")+", "+pick("end_time_utc")+", "+pick("backup_type")+", "+pick("exit_state")+", "+
		pick("start_lsn")+", "+pick("end_lsn")+", "+pick("binlog_file")+", "+pick("binlog_pos")+
		" FROM mysql.backup_history ORDER BY backup_id DESC LIMIT "+historyRows)
	return runs, err
}

// newest reads the backup that began last, by what it says of its progress.
func (s *enterpriseSource) newest(ctx context.Context) (*Run, error) {
	var newest *Run
	err := s.server.Query(ctx, func(row collector.Row) error {
		var id int64
		var first, last sql.NullFloat64
		var failed sql.NullBool
		if err := row.Scan(&id, &first, &last, &failed); err != nil {
			return err
		}
		r := Run{ID: strconv.FormatInt(id, 10), Kind: Full, Start: unixTime(first), Status: Running, Evidence: "progress table"}
		switch at := unixTime(last); {
		case failed.Bool:
			r.Status, r.End = Failed, at
		case s.now().Sub(at) > s.limit:
			r.Status, r.End = Lost, at
		}
		newest = &r
		return nil
	}, "SELECT backup_id, UNIX_TIMESTAMP(MIN(`current_time`)), UNIX_TIMESTAMP(MAX(`current_time`)), MAX(error_code) > 0"+
		" FROM mysql.backup_progress GROUP BY backup_id ORDER BY backup_id DESC LIMIT 1")
	return newest, err
}

func micro(v sql.NullInt64) time.Time {
	if !v.Valid || v.Int64 <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64)
}
