// SPDX-License-Identifier: Apache-2.0

package erp

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// How many rows Seed writes, for an ERP small enough to start within seconds.
const (
	customerCount = 300
	productCount  = 200
	orderCount    = 1500
)

// Seed fills the tables. The rows are the same each time.
func Seed(ctx context.Context, db *sql.DB) error {
	s := &seeder{ctx: ctx, random: rand.New(rand.NewPCG(19104, 3306)), start: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	for _, write := range []func(*sql.Tx) error{s.customers, s.products, s.orders, s.invoices} {
		if err := write(tx); err != nil {
			return fmt.Errorf("fill %s: %w", Schema, err)
		}
	}
	return tx.Commit()
}

type seeder struct {
	ctx    context.Context
	random *rand.Rand
	start  time.Time
	prices []int // of the products, in cents
	totals []int // of the orders, in cents
}

func (s *seeder) customers(tx *sql.Tx) error {
	cities := []string{"Hamburg", "Shanghai", "Shenzhen", "Porto", "Rotterdam", "Singapore"}
	return s.insert(tx, "customers (code, name, city, email, credit_limit, created_at)", customerCount, func(i int) []any {
		code := fmt.Sprintf("C%05d", i+1)
		email := strings.ToLower(code) + "@customers.example"
		return []any{code, fmt.Sprintf("Customer %d", i+1), s.pick(cities), email, 1000 * (1 + s.random.IntN(50)), s.start}
	})
}

func (s *seeder) products(tx *sql.Tx) error {
	things := []string{"Valve", "Bearing", "Gasket", "Pump", "Cable", "Sensor", "Bracket", "Filter"}
	return s.insert(tx, "products (sku, name, price, reorder_level)", productCount, func(i int) []any {
		s.prices = append(s.prices, 100+s.random.IntN(50000))
		return []any{fmt.Sprintf("SKU-%05d", i+1), fmt.Sprintf("%s %d", s.pick(things), i+1), cents(s.prices[i]), s.random.IntN(100)}
	})
}

// orders writes the orders with their lines and what each line takes out of the stock.
func (s *seeder) orders(tx *sql.Tx) error {
	lines := s.orderLines()
	err := s.insert(tx, "orders (customer_id, status, total, ordered_at)", orderCount, func(i int) []any {
		return []any{1 + s.random.IntN(customerCount), s.pick([]string{"open", "shipped", "closed"}), cents(s.totals[i]), s.day(i)}
	})
	if err != nil {
		return err
	}
	err = s.insert(tx, "order_lines (order_id, line, product_id, quantity, price)", len(lines), func(i int) []any {
		l := lines[i]
		return []any{l.order + 1, l.line, l.product + 1, l.quantity, cents(s.prices[l.product])}
	})
	if err != nil {
		return err
	}
	return s.insert(tx, "stock_moves (product_id, quantity, reason, moved_at)", len(lines), func(i int) []any {
		return []any{lines[i].product + 1, -lines[i].quantity, "order", s.day(lines[i].order)}
	})
}

type orderLine struct{ order, line, product, quantity int }

func (s *seeder) orderLines() []orderLine {
	var lines []orderLine
	s.totals = make([]int, orderCount)
	for order := range orderCount {
		for line := range 1 + s.random.IntN(5) {
			l := orderLine{order, line + 1, s.random.IntN(productCount), 1 + s.random.IntN(20)}
			s.totals[order] += l.quantity * s.prices[l.product]
			lines = append(lines, l)
		}
	}
	return lines
}

func (s *seeder) invoices(tx *sql.Tx) error {
	return s.insert(tx, "invoices (order_id, number, amount, issued_at, paid_at)", orderCount, func(i int) []any {
		issued := s.day(i)
		var paid any
		if s.random.IntN(4) > 0 {
			paid = issued.AddDate(0, 0, s.random.IntN(30))
		}
		return []any{i + 1, fmt.Sprintf("2026-%06d", i+1), cents(s.totals[i]), issued, paid}
	})
}

// insert writes count rows by few statements.
func (s *seeder) insert(tx *sql.Tx, into string, count int, row func(i int) []any) error {
	const batch = 500
	for from := 0; from < count; from += batch {
		var values []any
		var marks []string
		for i := from; i < min(from+batch, count); i++ {
			columns := row(i)
			marks = append(marks, "(?"+strings.Repeat(", ?", len(columns)-1)+")")
			values = append(values, columns...)
		}
		statement := "INSERT INTO " + into + " VALUES " + strings.Join(marks, ", ")
		if _, err := tx.ExecContext(s.ctx, statement, values...); err != nil {
			return fmt.Errorf("%s: %w", into, err)
		}
	}
	return nil
}

// day spreads the orders over the first months of the year.
func (s *seeder) day(order int) time.Time {
	return s.start.Add(time.Duration(order) * 90 * time.Minute)
}

func (s *seeder) pick(from []string) string { return from[s.random.IntN(len(from))] }

// cents writes an amount as the decimal that the database keeps.
func cents(amount int) string { return fmt.Sprintf("%d.%02d", amount/100, amount%100) }
