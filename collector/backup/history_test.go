// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// monitored is the environment of a target that is watched with the given grants.
func monitored(t *testing.T, s *testenv.Server, c *clock, grants ...string) *env {
	t.Helper()
	account := s.Grant(t, fmt.Sprintf("b%x", time.Now().UnixNano()), grants...)
	server, err := mysqld.New(mysqld.Options{
		Name: "test", Address: s.Addr(), User: account.Name, Program: "dbsync-test",
		Password: func() (string, error) { return account.Password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	e := testEnv(c)
	e.target.Server = server
	return e
}

func TestHistoryTableOfRealMariadbBackup(t *testing.T) {
	s, dir := testenv.MariaDB(t, testenv.WithFlags("--log-bin=binlog", "--server-id=1")), t.TempDir()
	var now clock
	nobody := monitored(t, s, &now)
	alone := Backup{Name: "nightly", Method: "mariadb-backup"}
	var skip *collector.SkipError
	if _, err := openPhysical(alone, nobody, &method{}).look(t.Context()); !errors.As(err, &skip) || skip.Reason != collector.Unprivileged {
		t.Errorf("before the first one: %v", err)
	}
	before := time.Now().Truncate(time.Second)
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/full", "--history=nightly"), nil)
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/inc", "--incremental-basedir="+dir+"/full", "--history=nightly"), nil)
	if _, err := openPhysical(alone, nobody, &method{}).look(t.Context()); !errors.As(err, &skip) {
		t.Errorf("without a grant: %v", err)
	}

	e := monitored(t, s, &now, "GRANT SELECT ON mysql.mariadb_backup_history TO {user}")
	h, err := openPhysical(alone, e, &method{}).look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sums := summarise(h, now.now())
	if len(h.runs) != 2 || len(sums) != 2 {
		t.Fatalf("got %+v", h.runs)
	}
	full := sums[0].success
	if full.Start.Before(before) || full.End.Before(full.Start) || full.End.After(time.Now()) || full.Position.File == "" || full.Link.To == 0 {
		t.Errorf("full: %+v", full)
	}
	if sums[1].broken || sums[0].retained != 0 {
		t.Errorf("summaries %+v", sums)
	}

	// The files say more; what is gone of them still counts as made.
	both := openPhysical(Backup{Name: "nightly", Method: "mariadb-backup", Path: dir + "/*", History: true}, e, &method{}).(*withHistory)
	remove(t, dir+"/full")
	now.advance(hour)
	h, err = both.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sums = summarise(h, now.now())
	if len(h.runs) != 2 || sums[0].retained != 0 || sums[1].retained != 1 || sums[1].success.Stored == 0 || !sums[1].broken {
		t.Errorf("runs %+v", h.runs)
	}
	if counts := sums[0].counts["24h"]; counts[Success] != 1 {
		t.Errorf("the full one that is gone was made all the same: %v", counts)
	}

	// A server that is down does not change what was.
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	now.advance(2 * historyEvery)
	if h, err = both.look(t.Context()); err != nil || len(h.runs) != 2 {
		t.Errorf("with the server down: %v, %v", h.runs, err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// perconaHistory is the table as XtraBackup makes it.
const perconaHistory = `CREATE TABLE PERCONA_SCHEMA.xtrabackup_history (
	uuid VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(255), tool_name VARCHAR(255), tool_command TEXT, tool_version VARCHAR(255),
	ibbackup_version VARCHAR(255), server_version VARCHAR(255), start_time TIMESTAMP NULL, end_time TIMESTAMP NULL,
	lock_time BIGINT UNSIGNED, binlog_pos TEXT, innodb_from_lsn BIGINT UNSIGNED, innodb_to_lsn BIGINT UNSIGNED,
	partial ENUM('Y','N'), incremental ENUM('Y','N'), format ENUM('file','tar','xbstream'), compressed ENUM('Y','N'),
	encrypted ENUM('Y','N'))`

func TestHistoryTableOfXtraBackupHasNoTimeZone(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
		s.Exec(t, "CREATE DATABASE PERCONA_SCHEMA", perconaHistory)
		t.Cleanup(func() { s.Exec(t, "DROP DATABASE PERCONA_SCHEMA") })
		s.Exec(t,
			"INSERT INTO PERCONA_SCHEMA.xtrabackup_history (uuid, start_time, end_time, binlog_pos, innodb_from_lsn, innodb_to_lsn, incremental)"+
				" VALUES ('a', FROM_UNIXTIME(1795500000), FROM_UNIXTIME(1795500060), 'filename ''binlog.000002'', position ''158''', 0, 18446744073709551615, 'N'),"+
				" ('b', NULL, NULL, NULL, NULL, NULL, NULL)")
		var now clock
		e := monitored(t, s, &now, "GRANT SELECT ON PERCONA_SCHEMA.xtrabackup_history TO {user}")
		h, err := openPhysical(Backup{Method: "xtrabackup"}, e, &method{}).look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(h.runs) != 2 {
			t.Fatalf("got %+v", h.runs)
		}
		a, b := h.runs[0], h.runs[1]
		if a.Start.Unix() != 1795500000 || a.End.Unix() != 1795500060 || a.Link.To != 1<<64-1 || a.Position != (Position{"binlog.000002", 158, ""}) {
			t.Errorf("a: %+v", a)
		}
		if !b.End.IsZero() || b.Kind != Full {
			t.Errorf("b: %+v", b)
		}
	})
}

// The tables of MySQL Enterprise Backup, by its manual.
const (
	enterpriseHistory = `CREATE TABLE mysql.backup_history (backup_id BIGINT NOT NULL PRIMARY KEY, tool_name TEXT NOT NULL,
		start_time TIMESTAMP NULL, end_time TIMESTAMP NULL, start_time_utc BIGINT, end_time_utc BIGINT, consistency_time_utc BIGINT,
		binlog_pos BIGINT, binlog_file VARCHAR(255), compression_level SMALLINT, engines VARCHAR(100), innodb_data_file_path TEXT,
		start_lsn BIGINT, end_lsn BIGINT, backup_type VARCHAR(50), backup_format VARCHAR(50), mysql_data_dir TEXT,
		backup_destination TEXT, lock_time DECIMAL(7,3), exit_state VARCHAR(10), last_error TEXT, last_error_code INT)`
	enterpriseProgress = `CREATE TABLE mysql.backup_progress (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, backup_id BIGINT NOT NULL,
		tool_name VARCHAR(4096) NOT NULL, error_code INT NOT NULL, error_message VARCHAR(4096) NOT NULL,
		` + "`current_time`" + ` TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), current_state VARCHAR(200) NOT NULL)`
)

func TestTablesOfEnterpriseBackup(t *testing.T) {
	s := testenv.SharedMySQL(t)
	s.Exec(t, enterpriseHistory, enterpriseProgress)
	t.Cleanup(func() { s.Exec(t, "DROP TABLE mysql.backup_history, mysql.backup_progress") })
	var now clock
	e := monitored(t, s, &now, "GRANT SELECT ON mysql.backup_history TO {user}", "GRANT SELECT ON mysql.backup_progress TO {user}")
	source := mysqlBackup().open(Backup{MaxDuration: 10 * time.Minute}, e, &method{})
	runs := func() map[string]Run {
		t.Helper()
		h, err := source.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]Run{}
		for _, r := range h.runs {
			all[r.ID] = r
		}
		return all
	}
	if got := runs(); len(got) != 0 {
		t.Errorf("empty tables: %v", got)
	}
	s.Exec(t,
		"INSERT INTO mysql.backup_history (backup_id, tool_name, start_time_utc, end_time_utc, binlog_pos, binlog_file, start_lsn, end_lsn, backup_type, exit_state)"+
			" VALUES (1, 'mysqlbackup', 1795500000000000, 1795500060000000, 158, 'binlog.000002', 0, 900, 'FULL', 'SUCCESS'),"+
			" (2, 'mysqlbackup', 1795586400000000, 1795586430000000, -1, '', 900, 950, 'INCREMENTAL', 'SUCCESS'),"+
			" (3, 'mysqlbackup', 1795590000000000, 1795590001000000, -1, '', 0, 0, 'FULL', 'FAILURE')",
		"INSERT INTO mysql.backup_progress (backup_id, tool_name, error_code, error_message, current_state) VALUES"+
			" (3, 'mysqlbackup', 0, '', 'Finished'), (4, 'mysqlbackup', 0, '', 'Started mysqlbackup'), (4, 'mysqlbackup', 0, '', 'Copying')")
	got := runs()
	if wantStatus(t, got, "1", Success).End.Unix() != 1795500060 || got["1"].Position.Pos != 158 {
		t.Errorf("1: %+v", got["1"])
	}
	if r := wantStatus(t, got, "2", Success); r.Kind != Incremental || !r.Link.follows(got["1"].Link) || r.Position.File != "" {
		t.Errorf("2: %+v", r)
	}
	wantStatus(t, got, "3", Failed)
	if r := wantStatus(t, got, "4", Running); r.Start.IsZero() || !r.End.IsZero() {
		t.Errorf("4: %+v", r)
	}
	now.advance(hour)
	wantStatus(t, runs(), "4", Lost)
	now.advance(-hour)
	s.Exec(t, "INSERT INTO mysql.backup_progress (backup_id, tool_name, error_code, error_message, current_state) VALUES (4, 'mysqlbackup', 2, 'no space', 'Copying')")
	wantStatus(t, runs(), "4", Failed)

	var skip *collector.SkipError
	_, err := mysqlBackup().open(Backup{}, monitored(t, s, &now), &method{}).look(t.Context())
	if !errors.As(err, &skip) || !strings.Contains(skip.Detail, "GRANT SELECT") {
		t.Errorf("without a grant: %v", err)
	}
}
