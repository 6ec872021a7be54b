// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// attempt is what is learnt of a login while it goes on. The driver makes the
// connection, so it travels in the context.
type attempt struct {
	loopbackOnly bool  // TLS was left unverified because the name means this host
	conn         *conn // what was dialled
}

type attemptKey struct{}

func withAttempt(ctx context.Context) (context.Context, *attempt) {
	a := &attempt{}
	return context.WithValue(ctx, attemptKey{}, a), a
}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	if a == nil {
		a = &attempt{}
	}
	return a
}

// notAllowedError is a refusal of [Options.Allow].
type notAllowedError struct{ err error }

func (e *notAllowedError) Error() string { return e.err.Error() }
func (e *notAllowedError) Unwrap() error { return e.err }

type dialer struct{ options *Options }

// dial connects. Every address is checked when it is known and before anything
// is sent to it, so that a name that resolves differently the second time gains
// nothing.
func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	a := attemptOf(ctx)
	nd := net.Dialer{Control: func(network, address string, _ syscall.RawConn) error {
		if network == "unix" {
			return d.allow(&net.UnixAddr{Name: address, Net: network})
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dialled address %q: %w", address, err)
		}
		if a.loopbackOnly && !ap.Addr().Unmap().IsLoopback() {
			return fmt.Errorf("%w: %s is not this host any more", errUnverified, ap)
		}
		return d.allow(net.TCPAddrFromAddrPort(ap))
	}}
	nc, err := nd.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	a.conn = &conn{Conn: nc}
	a.conn.refill()
	return a.conn, nil
}

func (d dialer) allow(addr net.Addr) error {
	if d.options.Allow == nil {
		return nil
	}
	if err := d.options.Allow(addr); err != nil {
		return &notAllowedError{err}
	}
	return nil
}

// conn is a connection that knows whether the server ever sent anything, and
// how much more it may send.
type conn struct {
	net.Conn
	heard  atomic.Bool
	budget atomic.Int64
	ahead  atomic.Int64 // bytes of a reply before the one that tells the size of its number of columns; below 0: none
}

var (
	errTooMuch    = errors.New("the server's reply exceeds the limit of a statement")
	errManyFields = errors.New("the server announces more columns than a statement can have")
)

func (c *conn) refill() { c.budget.Store(maxReply) }

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
		if c.budget.Add(-int64(n)) < 0 {
			return 0, errTooMuch
		}
		if at := c.ahead.Add(-int64(n)) + int64(n); at >= 0 && at < int64(n) && announcesTooMany(b[at]) {
			return 0, errManyFields
		}
	}
	return n, err
}

// Write looks whether a statement is sent that is not encrypted: packet 0, COM_QUERY.
// No record of TLS looks like that, it would have 3 bytes.
func (c *conn) Write(b []byte) (int, error) {
	if c.ahead.Store(-1); len(b) > 4 && b[3] == 0 && b[4] == 0x03 {
		c.ahead.Store(4)
	}
	return c.Conn.Write(b)
}

// announcesTooMany reports, of the first byte of a reply's payload, that a number of
// columns of three or of eight bytes follows. The driver makes room for all of them
// at once, which ends the process; MySQL has 4 096 at most. With TLS this cannot be
// seen.
func announcesTooMany(first byte) bool { return first == 0xfd || first == 0xfe }

// SyscallConn lets the driver look, without a round trip, whether the server has
// closed an idle connection.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return sc.SyscallConn()
}
