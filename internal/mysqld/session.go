// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
)

// session is one login. It is used by one caller at a time.
type session struct {
	conn    *sql.Conn
	network *conn
	id      uint64 // CONNECTION_ID()
	facts   collector.Facts
	born    time.Time
	due     time.Time // when another one should take its place
	used    bool      // it has answered before
}

// login opens a session and bounds it. The error is a *collector.ConnectError.
func login(ctx context.Context, db *sql.DB, logger *slog.Logger) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	ctx, a := withAttempt(ctx)
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, connectError(err, a.heard())
	}
	s := &session{conn: c, network: a.conn, born: time.Now()}
	if err := s.prepare(ctx, logger); err != nil {
		_ = c.Close()
		return nil, connectError(err, a.heard())
	}
	return s, nil
}

func (a *attempt) heard() bool { return a.conn != nil && a.conn.heard.Load() }

// prepare finds out what the server is, then bounds the session accordingly.
func (s *session) prepare(ctx context.Context, logger *slog.Logger) error {
	var version, comment, host string
	var schema int
	err := s.run(ctx, func(r collector.Row) error {
		return r.Scan(&s.id, &version, &comment, &host, &schema)
	}, "SELECT CONNECTION_ID(), @@version, @@version_comment, @@hostname, @@performance_schema")
	if err != nil {
		return err
	}
	parsed, err := collector.ParseVersion(version)
	if err != nil {
		return err
	}
	s.facts = collector.Facts{
		Flavour: collector.DetectFlavour(version, comment), Version: parsed, VersionString: version,
		VersionComment: comment, Hostname: host, PerformanceSchema: schema == 1, Since: s.born.UnixNano(),
	}
	if err := s.bound(ctx, logger); err != nil {
		return err
	}
	rows, err := s.grants(ctx)
	if err != nil {
		return err
	}
	s.facts.Grants = collector.ParseGrants(rows)
	return nil
}

// bound sets the session's variables. A proxy may refuse one of them: then each
// is set by itself, and what is refused is left.
func (s *session) bound(ctx context.Context, logger *slog.Logger) error {
	settings := sessionSettings(s.facts)
	_, err := s.conn.ExecContext(ctx, "SET SESSION "+strings.Join(settings, ", "))
	if !isServerError(err) {
		return err
	}
	for _, one := range settings {
		_, err := s.conn.ExecContext(ctx, "SET SESSION "+one)
		if isServerError(err) {
			logger.Warn("session setting refused", "setting", one, "err", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// sessionSettings are the bounds of a session: read-only, UTC, short waits for
// locks, a limit on statements that outlives the exporter, statistics read from
// the engine (the cached ones are a day old, and refreshing them would write),
// and nothing slow enough for the slow log.
func sessionSettings(f collector.Facts) []string {
	settings := []string{
		"sql_mode = ''", // ANSI_QUOTES and ORACLE change the meaning of statements
		"time_zone = '+00:00'",
		"lock_wait_timeout = 2",
		"innodb_lock_wait_timeout = 2",
		"wait_timeout = 900", // longer than a session lives
		"long_query_time = 3600",
	}
	at := func(major, minor, patch int) bool {
		return f.Version.AtLeast(collector.Version{Major: major, Minor: minor, Patch: patch})
	}
	if f.Flavour == collector.MariaDB {
		// The row limit keeps statements out of the slow log that
		// log_queries_not_using_indexes would put there. MySQL wants a privilege
		// for it (SESSION_VARIABLES_ADMIN) that nobody should give a monitor.
		settings = append(settings, "max_statement_time = 15", "min_examined_row_limit = 4294967295")
		if at(11, 1, 0) {
			return append(settings, "transaction_read_only = 1")
		}
		return append(settings, "tx_read_only = 1")
	}
	if at(5, 7, 20) {
		settings = append(settings, "max_execution_time = 15000", "transaction_read_only = 1")
	}
	if at(8, 0, 0) {
		settings = append(settings, "information_schema_stats_expiry = 0")
	}
	return settings
}

// grants returns the rows of SHOW GRANTS, those of active roles included.
func (s *session) grants(ctx context.Context) ([]string, error) {
	statement := "SHOW GRANTS"
	if s.facts.Flavour != collector.MariaDB && s.facts.Version.AtLeast(collector.Version{Major: 8}) {
		var roles string
		err := s.run(ctx, func(r collector.Row) error { return r.Scan(&roles) }, "SELECT CURRENT_ROLE()")
		if err != nil {
			return nil, err
		}
		if roles != "NONE" {
			statement = "SHOW GRANTS FOR CURRENT_USER() USING " + roles
		}
	}
	var rows []string
	err := s.run(ctx, func(r collector.Row) error {
		var row string
		err := r.Scan(&row)
		rows = append(rows, row)
		return err
	}, statement)
	return rows, err
}

// run executes one statement. It checks what is easily forgotten: the error of
// the iteration.
func (s *session) run(ctx context.Context, scan func(collector.Row) error, query string, args ...any) (err error) {
	s.network.refill()
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("reading a row: %w", err)
		}
	}
	return rows.Err()
}

// alive reports, without a round trip, whether the session may be used again.
func (s *session) alive(ctx context.Context) bool {
	err := s.conn.Raw(func(dc any) error {
		if r, ok := dc.(driver.SessionResetter); ok {
			return r.ResetSession(ctx)
		}
		return nil
	})
	return err == nil
}

// isServerError reports an answer of the server, after which the session is in
// order.
func isServerError(err error) bool {
	var answer *mysql.MySQLError
	return errors.As(err, &answer)
}
