// SPDX-License-Identifier: Apache-2.0

package erp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database/mysql"
	"github.com/golang-migrate/migrate/v4/source/iofs"
)

// statementLimit bounds one migration file: the library itself would wait for a lock without an end.
const statementLimit = time.Minute

// Migrator runs migrations as the migrate command does, by the library that the command is made of. Each call connects
// anew and takes the tool's lock.
type Migrator struct {
	Config *driver.Config // the account that deploys; the schema and multi-statements are set here
	Dir    string         // NNNNNN_title.up.sql and .down.sql
}

// Up applies all that is pending. Nothing to do is no error.
func (m Migrator) Up(ctx context.Context) error {
	return m.with(ctx, func(tool *migrate.Migrate) error { return tool.Up() })
}

// Down takes back the newest migrations, as many as steps.
func (m Migrator) Down(ctx context.Context, steps int) error {
	return m.with(ctx, func(tool *migrate.Migrate) error { return tool.Steps(-steps) })
}

// Force declares the schema to be at a version and clean: the repair of a failed migration.
func (m Migrator) Force(ctx context.Context, version int) error {
	return m.with(ctx, func(tool *migrate.Migrate) error { return tool.Force(version) })
}

// Version is what the history says: the version and whether a migration has begun and not ended.
func (m Migrator) Version(ctx context.Context) (version uint, dirty bool, err error) {
	err = m.with(ctx, func(tool *migrate.Migrate) (err error) {
		version, dirty, err = tool.Version()
		return err
	})
	return version, dirty, err
}

func (m Migrator) with(ctx context.Context, do func(*migrate.Migrate) error) error {
	config := m.Config.Clone()
	config.DBName, config.MultiStatements = Schema, true
	connector, err := driver.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	tool, err := m.open(ctx, db)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err = do(tool); errors.Is(err, migrate.ErrNoChange) {
		err = nil
	}
	sourceErr, databaseErr := tool.Close()
	return errors.Join(err, sourceErr, databaseErr)
}

func (m Migrator) open(ctx context.Context, db *sql.DB) (*migrate.Migrate, error) {
	files, err := iofs.New(os.DirFS(m.Dir), ".")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	history, err := mysql.WithConnection(ctx, conn, &mysql.Config{StatementTimeout: statementLimit})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return migrate.NewWithInstance("files", files, "mysql", history)
}
