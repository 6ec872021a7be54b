// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// work is what there is to watch beside the server and the host.
type work struct {
	dir    string
	config string // what of it goes into our exporter's configuration
}

// newWork makes a migration history by the tool itself, a week of dumps and two
// logs.
func newWork(ctx context.Context, server *sandbox.Instance) (w *work, err error) {
	w = &work{}
	if w.dir, err = os.MkdirTemp("", "dbsync-bench-work-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.remove())
		}
	}()
	if err := w.migrate(ctx, server); err != nil {
		return nil, err
	}
	backups := filepath.Join(w.dir, "backups")
	if err := os.Mkdir(backups, 0o700); err != nil {
		return nil, err
	}
	const dump = "-- MySQL dump 10.13\n%s\n-- Dump completed on 2026-11-24  2:07:30\n"
	for day := range 7 {
		if err := w.write(fmt.Sprintf("backups/day-%d.sql", day), fmt.Sprintf(dump, strings.Repeat("INSERT INTO a VALUES (1);\n", 1000))); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.write("access.log", ""), w.write("error.log", "")); err != nil {
		return nil, err
	}
	w.config = fmt.Sprintf(`backups:
  - {name: nightly, method: mysqldump, path: %q, expected_interval: 24h, min_size: 1kB}
apis:
  - {name: gateway, access_log: %q, format: combined}
logs:
  - {name: mysqld, path: %q, format: mysql}
jobs: {state_dir: %q}
`, filepath.Join(backups, "*.sql"), filepath.Join(w.dir, "access.log"), filepath.Join(w.dir, "error.log"), w.dir)
	return w, nil
}

func (w *work) migrate(ctx context.Context, server *sandbox.Instance) error {
	migrations := filepath.Join(w.dir, "migrations")
	if err := os.Mkdir(migrations, 0o700); err != nil {
		return err
	}
	if err := erp.WriteMigrations(migrations); err != nil {
		return err
	}
	if _, err := server.Open().ExecContext(ctx, "CREATE DATABASE "+erp.Schema); err != nil {
		return err
	}
	return erp.Migrator{Config: server.AdminConfig(), Dir: migrations}.Up(ctx)
}

func (w *work) write(name, content string) error {
	return os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600)
}

func (w *work) remove() error { return os.RemoveAll(w.dir) }
