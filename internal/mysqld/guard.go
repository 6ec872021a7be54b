// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"
)

// guarded is the driver with its panics and its endless waits made errors: it trusts a server to keep to
// the protocol, and a reply that is cut short in the wrong place would end the
// exporter for all of its targets. A connection that panicked is never used again.
type guarded struct{ driver.Connector }

// driverConn is what database/sql uses of the driver's connection.
type driverConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.Pinger
	driver.NamedValueChecker
	driver.SessionResetter
	driver.Validator
}

var errNonsense = errors.New("the server's reply is no reply")

// guard runs f and makes its panic an error.
func guard(broken *bool, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			*broken = true
			err = fmt.Errorf("%w: %v", errNonsense, p)
		}
	}()
	return f()
}

func (g guarded) Connect(ctx context.Context) (driver.Conn, error) {
	var broken bool
	var c driver.Conn
	err := guard(&broken, func() (err error) {
		c, err = g.Connector.Connect(ctx)
		return err
	})
	network := attemptOf(ctx).conn
	if broken && network != nil {
		_ = network.Close()
	}
	if err != nil {
		return nil, err
	}
	inner, ok := c.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's %T lacks a method", c), c.Close())
	}
	return &guardedConn{driverConn: inner, network: network}, nil
}

type guardedConn struct {
	driverConn
	network *conn
	broken  bool
}

func (c *guardedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = guard(&c.broken, func() (err error) {
		rows, err = c.driverConn.QueryContext(ctx, query, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &guardedRows{rows, c}, nil
}

func (c *guardedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = guard(&c.broken, func() (err error) {
		result, err = c.driverConn.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

func (c *guardedConn) Ping(ctx context.Context) error {
	return guard(&c.broken, func() error { return c.driverConn.Ping(ctx) })
}

func (c *guardedConn) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.driverConn.ResetSession(ctx)
}

func (c *guardedConn) IsValid() bool { return !c.broken && c.driverConn.IsValid() }

type guardedRows struct {
	driver.Rows
	conn *guardedConn
}

// Next tells a row that is cut short from the end of the rows, for which the driver
// takes it: half a result must not pass for a whole one.
func (r *guardedRows) Next(values []driver.Value) error {
	err := guard(&r.conn.broken, func() error { return r.Rows.Next(values) })
	if errors.Is(err, io.EOF) {
		if cut := r.Close(); cut != nil {
			return fmt.Errorf("%w: a row is cut short: %w", errNonsense, cut)
		}
	}
	return err
}

// Close gives up a connection on which rows may still come: the driver would read
// them to their end, which no context bounds. At the end there is nothing to read.
func (r *guardedRows) Close() error {
	if n := r.conn.network; n != nil {
		_ = n.SetReadDeadline(time.Unix(1, 0))
		defer func() { _ = n.SetReadDeadline(time.Time{}) }()
	}
	err := guard(&r.conn.broken, r.Rows.Close)
	if err != nil {
		r.conn.broken = true
	}
	return err
}
