// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// reapTimeout bounds the ending of a statement on the server.
	reapTimeout = 3 * time.Second
	// reapInterval is the pause between looks whether it has ended.
	reapInterval = 20 * time.Millisecond
	// reserveIdle is how long the reserve stays open after its last use.
	reserveIdle = time.Minute
)

// reserve is the one session beside the others. It is opened when it is needed
// and closed when it has not been for a while.
type reserve struct {
	db     *sql.DB
	logger *slog.Logger
	age    time.Duration // of a session, at most
	lock   chan struct{} // held while in use
	one    *session
	idle   *time.Timer
}

func newReserve(db *sql.DB, age time.Duration, logger *slog.Logger) *reserve {
	r := &reserve{db: db, age: age, logger: logger, lock: make(chan struct{}, 1)}
	r.idle = time.AfterFunc(reserveIdle, r.expire)
	return r
}

// do runs f with the reserve session, when nobody else uses it.
func (r *reserve) do(ctx context.Context, f func(*session) error) error {
	select {
	case r.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	return r.locked(ctx, f)
}

// locked runs f with the reserve session and gives the lock up, which is held.
func (r *reserve) locked(ctx context.Context, f func(*session) error) error {
	defer func() { <-r.lock }()
	r.idle.Stop()
	if r.one != nil && (!r.one.alive(ctx) || time.Now().After(r.one.due)) {
		r.drop()
	}
	if r.one == nil {
		one, err := login(ctx, r.db, r.logger)
		if err != nil {
			return err
		}
		one.due = time.Now().Add(r.age)
		r.one = one
	}
	err := f(r.one)
	if err != nil && !isServerError(err) {
		r.drop()
	}
	r.idle.Reset(reserveIdle)
	return err
}

// lend runs f while there is no reserve session, so that f may open another one.
// It reports false, and does nothing, when the reserve is in use.
func (r *reserve) lend(f func()) bool {
	select {
	case r.lock <- struct{}{}:
	default:
		return false
	}
	defer func() { <-r.lock }()
	r.drop()
	f()
	return true
}

func (r *reserve) drop() {
	if r.one != nil {
		_ = r.one.conn.Close()
		r.one = nil
	}
}

// expire closes the session unless it is in use.
func (r *reserve) expire() {
	select {
	case r.lock <- struct{}{}:
		r.drop()
		<-r.lock
	default:
	}
}

func (r *reserve) close() {
	r.idle.Stop()
	r.lock <- struct{}{}
	r.drop()
	<-r.lock
}

// end ends a connection on the server, whose client side is closed already, and
// waits until it is gone: the server answers KILL before it has obeyed. Between
// two looks others may use the reserve. An account may kill its own connections
// without a privilege.
func (r *reserve) end(id uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), reapTimeout)
	defer cancel()
	for {
		err := r.do(ctx, func(one *session) error {
			_, err := one.conn.ExecContext(ctx, "KILL ?", id)
			return err
		})
		if isGone(err) {
			return
		}
		if err == nil {
			err = pause(ctx, reapInterval)
		}
		if err != nil {
			r.logger.Warn("a statement may still run on the server", "connection_id", id, "err", err)
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isGone reports ER_NO_SUCH_THREAD.
func isGone(err error) bool {
	var answer *mysql.MySQLError
	return errors.As(err, &answer) && answer.Number == 1094
}

// isBroken reports that the connection was lost before an answer.
func isBroken(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, mysql.ErrInvalidConn)
}
