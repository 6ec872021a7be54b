// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
)

// statementsOf returns what one scrape makes the server execute, from the
// server's own log.
func statementsOf(ctx context.Context, a *account, c contestant) ([]string, error) {
	db := a.server.Open()
	for _, statement := range []string{"SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = ON"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	_, _, err := c.scrape(ctx)
	_, off := db.ExecContext(ctx, "SET GLOBAL general_log = OFF")
	if err := errors.Join(err, off); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, "SELECT argument FROM mysql.general_log"+
		" WHERE command_type = 'Query' AND user_host LIKE ?", "%"+a.user+"%")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var statements []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		statements = append(statements, one)
	}
	return statements, rows.Err()
}

// replay executes the statements one after the other over one open connection,
// again and again, and returns the median time: what no exporter could undercut
// with these statements.
func replay(ctx context.Context, a *account, statements []string, times int) (time.Duration, error) {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Passwd = "tcp", a.server.Addr(), a.user, a.password
	cfg.TLSConfig = "preferred" // as our exporter does on this machine
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return 0, err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	took := make([]time.Duration, 0, times)
	for range times {
		start := time.Now()
		for _, one := range statements {
			if err := read(ctx, db, one); err != nil {
				return 0, fmt.Errorf("%s: %w", one, err)
			}
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

func read(ctx context.Context, db *sql.DB, statement string) error {
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	dest := make([]any, len(columns))
	for i := range dest {
		dest[i] = &sql.RawBytes{}
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}
