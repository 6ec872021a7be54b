// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/erp"
)

// pileUp is how many sessions wait; the alert wants five.
const pileUp = 8

// lockFault is the classic of online schema changes: a session that forgot to commit, an ALTER TABLE that waits for it,
// and everybody else who waits for the ALTER.
func lockFault() kind {
	return kind{
		Fault: Fault{
			Name:   "locks",
			Help:   "leave a transaction open, run ALTER TABLE behind it and let sessions pile up behind that",
			Heal:   "end the open transaction",
			Alerts: []string{"MySQLMetadataLockPileUp"},
		},
		make: breakLocks,
		heal: func(s *Stack, _ context.Context) error { return s.clearJam() },
	}
}

// jam is the open transaction and who waits behind it.
type jam struct {
	db      *sql.DB
	forgot  *sql.Tx
	waiters sync.WaitGroup
	cancel  context.CancelFunc
}

func breakLocks(s *Stack, ctx context.Context) error {
	db, err := openSchema(s.company.login, erp.Schema)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(pileUp + 2)
	background, cancel := context.WithCancel(s.ctx)
	j := &jam{db: db, cancel: cancel}
	if j.forgot, err = db.BeginTx(background, nil); err != nil { //nolint:contextcheck // lasts until it is healed, longer than its beginning
		return errors.Join(err, j.end())
	}
	if _, err := j.forgot.ExecContext(ctx, "SELECT id FROM products LIMIT 1"); err != nil {
		return errors.Join(err, j.end())
	}
	j.wait(background, "ALTER TABLE products COMMENT = 'price list'") //nolint:contextcheck // lasts until it is healed, longer than its beginning
	if err := awaitAlter(ctx, s.company.server.Open()); err != nil {
		return errors.Join(err, j.end())
	}
	for range pileUp {
		j.wait(background, "SELECT COUNT(*) FROM products") //nolint:contextcheck // lasts until it is healed, longer than its beginning
	}
	s.company.jam = j
	return nil
}

// wait runs a statement that will have to wait. How it ends is of no interest: the server may give up first.
func (j *jam) wait(ctx context.Context, statement string) {
	j.waiters.Go(func() { _, _ = j.db.ExecContext(ctx, statement) })
}

// end lets everybody go on: the open transaction ends, and with it the waiting.
func (j *jam) end() error {
	if j.forgot != nil {
		_ = j.forgot.Rollback() // fails when the server is gone, which ends it as well
	}
	j.cancel()
	j.waiters.Wait()
	return j.db.Close()
}

// clearJam ends the jam that there is, if any.
func (s *Stack) clearJam() error {
	if s.company == nil || s.company.jam == nil {
		return nil
	}
	jam := s.company.jam
	s.company.jam = nil
	return jam.end()
}

// awaitAlter returns when the ALTER TABLE waits: who comes before it would not have to.
func awaitAlter(ctx context.Context, db *sql.DB) error {
	const question = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE products%'" +
		" AND state LIKE 'Waiting for table metadata lock%'"
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var waiting int
		if err := db.QueryRowContext(ctx, question).Scan(&waiting); err != nil || waiting > 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
