// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// dimensions are what may grow on a server or beside it.
func dimensions() []dimension {
	anything := func(metrics, int) bool { return true }
	return []dimension{
		{"tables", []int{10, 1000, 5000, 20000}, (*ground).tables, anything},
		{"statement digests", []int{100, 1000, 10000}, (*ground).digests, anything},
		{"connections", []int{10, 100, 500}, (*ground).connections, anything},
		{"backups", []int{0, 100, 1000, 10000}, (*ground).backups, func(m metrics, size int) bool {
			retained := m.of("dbsync_backup_retained")
			return len(retained) > 0 && int(retained[0].GetGauge().GetValue()) == size
		}},
		{"migration histories", []int{1, 20, 200}, (*ground).histories, func(m metrics, size int) bool {
			return len(m.of("dbsync_migration_info")) == size
		}},
	}
}

// ground is a server and a folder in which things grow.
type ground struct {
	server  *sandbox.Instance
	account *account
	dir     string
	grown   int // the size that was reached
	open    []*sql.Conn
}

func newGround(ctx context.Context, program sandbox.Program) (g *ground, err error) {
	g = &ground{}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.remove())
		}
	}()
	if g.dir, err = os.MkdirTemp("", "dbsync-bench-"); err != nil {
		return g, err
	}
	g.server, err = sandbox.Start(ctx, sandbox.Options{Program: program, Flags: []string{
		"--performance-schema=ON", "--performance-schema-digests-size=20000", "--max-connections=1000", "--innodb-file-per-table=OFF",
	}})
	if err != nil {
		return g, err
	}
	if err := g.exec(ctx, "CREATE DATABASE "+erp.Schema); err != nil {
		return g, err
	}
	g.account, err = newAccount(ctx, g.server)
	if err != nil {
		return g, err
	}
	return g, g.exec(ctx, "GRANT SELECT ON *.* TO monitor@'%'")
}

func (g *ground) config() string {
	return fmt.Sprintf("backups:\n  - {name: nightly, method: mysqldump, path: %q, expected_interval: 24h}\n",
		filepath.Join(g.dir, "*.sql"))
}

func (g *ground) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := g.server.Open().ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.100s: %w", s, err)
		}
	}
	return nil
}

// each calls f with the numbers from what is there to size.
func (g *ground) each(size int, f func(i int) error) error {
	for ; g.grown < size; g.grown++ {
		if err := f(g.grown); err != nil {
			return err
		}
	}
	return nil
}

func (g *ground) tables(ctx context.Context, size int) error {
	return g.each(size, func(i int) error {
		return g.exec(ctx, fmt.Sprintf("CREATE TABLE %s.orders_%05d (id INT AUTO_INCREMENT PRIMARY KEY, state INT, KEY (state))", erp.Schema, i))
	})
}

func (g *ground) digests(ctx context.Context, size int) error {
	return g.each(size, func(i int) error { return g.exec(ctx, fmt.Sprintf("SELECT 1 AS answer_%d", i)) })
}

// connections opens connections, every tenth of which is at work.
func (g *ground) connections(ctx context.Context, size int) error {
	return g.each(size, func(i int) error {
		c, err := g.server.Open().Conn(ctx)
		if err != nil {
			return err
		}
		g.open = append(g.open, c)
		if i%10 == 0 {
			go func() { _, _ = c.ExecContext(ctx, "SELECT SLEEP(3600)") }()
		}
		return nil
	})
}

func (g *ground) backups(_ context.Context, size int) error {
	content := "-- MySQL dump 10.13\n" + strings.Repeat("INSERT INTO a VALUES (1);\n", 40) + "-- Dump completed on 2026-11-24  2:07:30\n"
	return g.each(size, func(i int) error {
		return os.WriteFile(filepath.Join(g.dir, fmt.Sprintf("%05d.sql", i)), []byte(content), 0o600)
	})
}

// histories adds schemas with the tables of golang-migrate and Flyway in turn.
func (g *ground) histories(ctx context.Context, size int) error {
	return g.each(size, func(i int) error {
		schema := fmt.Sprintf("service_%03d", i)
		if err := g.exec(ctx, "CREATE DATABASE "+schema); err != nil {
			return err
		}
		if i%2 == 0 {
			return g.exec(ctx,
				"CREATE TABLE "+schema+".schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)",
				"INSERT INTO "+schema+".schema_migrations VALUES (20240101000000, 0)")
		}
		return g.exec(ctx, "CREATE TABLE "+schema+".flyway_schema_history (installed_rank INT NOT NULL PRIMARY KEY, version VARCHAR(50),"+
			" description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT,"+
			" installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,"+
			" execution_time INT NOT NULL, success BOOLEAN NOT NULL)",
			"INSERT INTO "+schema+".flyway_schema_history VALUES (1, '1', 'orders', 'SQL', 'V1__orders.sql', 1, 'app', NOW(), 5, 1)")
	})
}

func (g *ground) remove() error {
	var errs []error
	if g.server != nil {
		errs = append(errs, g.server.Stop())
	}
	for _, c := range g.open {
		_ = c.Close() // the server has ended it
	}
	return errors.Join(append(errs, os.RemoveAll(g.dir))...)
}
