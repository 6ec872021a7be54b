// SPDX-License-Identifier: Apache-2.0

package erp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Traffic is the company at work: a few statements per second, in transactions, now and then a slow one.
type Traffic struct {
	DB     *sql.DB
	Every  time.Duration // between two pieces of work; 300 ms when 0
	random *rand.Rand
}

// Run works until ctx ends. A piece of work that fails is given up, as a user would, and told to failed (once until
// one succeeds again): the database may be broken on purpose.
func (t *Traffic) Run(ctx context.Context, failed func(error)) {
	t.random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	every := t.Every
	if every == 0 {
		every = 300 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := t.work(ctx)
		if err != nil && !told && ctx.Err() == nil {
			failed(err)
		}
		told = err != nil
	}
}

// patience is how long a user waits for an answer.
const patience = 10 * time.Second

func (t *Traffic) work(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch n := t.random.IntN(200); {
	case n == 0:
		return t.slowReport(ctx)
	case n == 1:
		return t.archive(ctx)
	case n < 60:
		return t.placeOrder(ctx)
	case n < 90:
		return t.payInvoice(ctx)
	case n < 140:
		return t.lookUpCustomer(ctx)
	default:
		return t.checkStock(ctx)
	}
}

// placeOrder is one transaction; every tenth customer changes his mind.
func (t *Traffic) placeOrder(ctx context.Context) error {
	tx, err := t.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := t.writeOrder(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if t.random.IntN(10) == 0 {
		return tx.Rollback()
	}
	return tx.Commit()
}

func (t *Traffic) writeOrder(ctx context.Context, tx *sql.Tx) error {
	result, err := tx.ExecContext(ctx, "INSERT INTO orders (customer_id, ordered_at) VALUES (?, UTC_TIMESTAMP())", t.customer())
	if err != nil {
		return err
	}
	order, err := result.LastInsertId()
	if err != nil {
		return err
	}
	for line := range 1 + t.random.IntN(3) {
		product, quantity := 1+t.random.IntN(productCount), 1+t.random.IntN(10)
		if err := t.writeLine(ctx, tx, order, line+1, product, quantity); err != nil {
			return err
		}
	}
	return t.invoice(ctx, tx, order)
}

func (t *Traffic) writeLine(ctx context.Context, tx *sql.Tx, order int64, line, product, quantity int) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO order_lines (order_id, line, product_id, quantity, price)"+
		" SELECT ?, ?, id, ?, price FROM products WHERE id = ?", order, line, quantity, product)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO stock_moves (product_id, quantity, reason, moved_at)"+
		" VALUES (?, ?, 'order', UTC_TIMESTAMP())", product, -quantity)
	return err
}

func (t *Traffic) invoice(ctx context.Context, tx *sql.Tx, order int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE orders SET total ="+
		" (SELECT SUM(quantity * price) FROM order_lines WHERE order_id = ?) WHERE id = ?", order, order)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO invoices (order_id, number, amount, issued_at)"+
		" SELECT id, ?, total, UTC_TIMESTAMP() FROM orders WHERE id = ?", fmt.Sprintf("2026-%06d", order), order)
	return err
}

func (t *Traffic) payInvoice(ctx context.Context) error {
	_, err := t.DB.ExecContext(ctx, "UPDATE invoices SET paid_at = UTC_TIMESTAMP() WHERE paid_at IS NULL ORDER BY id LIMIT 1")
	return err
}

func (t *Traffic) lookUpCustomer(ctx context.Context) error {
	return t.read(ctx, "SELECT o.id, o.status, o.total, i.number, i.paid_at FROM orders o"+
		" LEFT JOIN invoices i ON i.order_id = o.id WHERE o.customer_id = ? ORDER BY o.id DESC LIMIT 20", t.customer())
}

func (t *Traffic) checkStock(ctx context.Context) error {
	return t.read(ctx, "SELECT SUM(quantity) FROM stock_moves WHERE product_id = ?", 1+t.random.IntN(productCount))
}

// slowReport stands for a report that lacks an index; SLEEP is slow without keeping the machine busy.
func (t *Traffic) slowReport(ctx context.Context) error {
	return t.read(ctx, "SELECT COUNT(*), SLEEP(1.5) FROM invoices WHERE paid_at IS NULL AND amount > ?", 100)
}

// archive keeps the tables small however long the company works.
func (t *Traffic) archive(ctx context.Context) error {
	for _, statement := range []string{
		"DELETE FROM orders WHERE id + 20000 < (SELECT * FROM (SELECT MAX(id) FROM orders) newest) LIMIT 200",
		"DELETE FROM stock_moves WHERE id + 50000 < (SELECT * FROM (SELECT MAX(id) FROM stock_moves) newest) LIMIT 500",
	} {
		if _, err := t.DB.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// read runs a query to its end and throws the rows away, as a page does that nobody looks at.
func (t *Traffic) read(ctx context.Context, query string, args ...any) error {
	rows, err := t.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { //nolint:revive // the rows themselves are of no interest
	}
	return rows.Err()
}

func (t *Traffic) customer() int { return 1 + t.random.IntN(customerCount) }
