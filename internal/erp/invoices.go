// SPDX-License-Identifier: Apache-2.0

package erp

import (
	"context"
	"database/sql"
)

// The company's import of invoices ran twice: these rows make the coming release fail.
const (
	duplicateInvoices = "INSERT INTO invoices (order_id, number, amount, issued_at)" +
		" SELECT order_id, number, amount, issued_at FROM invoices WHERE id <= 3"
	removeDuplicates = "DELETE i FROM invoices i JOIN invoices older ON older.number = i.number AND older.id < i.id"
)

// DuplicateInvoices makes invoice numbers that exist twice, as an import does that ran twice.
func DuplicateInvoices(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, duplicateInvoices)
	return err
}

// RemoveDuplicateInvoices keeps the oldest invoice of each number.
func RemoveDuplicateInvoices(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, removeDuplicates)
	return err
}
