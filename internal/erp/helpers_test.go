// SPDX-License-Identifier: Apache-2.0

//go:build unix

package erp_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/erp"
)

func open(t *testing.T, migrator erp.Migrator) *sql.DB {
	t.Helper()
	config := migrator.Config.Clone()
	config.DBName = erp.Schema
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// repair is what the runbook says: mend the data, force the version before, run again.
func repair(ctx context.Context, db *sql.DB, migrator erp.Migrator) error {
	return errors.Join(
		erp.RemoveDuplicateInvoices(ctx, db),
		migrator.Force(ctx, erp.ReleasedVersion),
		migrator.Up(ctx),
	)
}

func more(got, than int) error {
	if got <= than {
		return fmt.Errorf("%d orders, as before", got)
	}
	return nil
}
