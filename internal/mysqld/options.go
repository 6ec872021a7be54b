// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Options says how to reach a server and log in.
type Options struct {
	Name    string // of the target, for logs
	Address string // "host:port" or "unix:///path/of/the.sock"
	User    string
	// Password is asked for at each login, so that a rotated one is found.
	Password func() (string, error)
	TLS      TLS
	// MaxConnections bounds the sessions; one more is kept in reserve. 0 means 2.
	MaxConnections int
	// SessionAge is how old a session gets before another one takes its place: a
	// server applies changed global privileges and passwords to new logins only. 0
	// means 10 minutes.
	SessionAge time.Duration
	// Allow, when set, is asked about each address before it is dialled.
	Allow func(net.Addr) error
	// Program is the program_name connection attribute, by which a DBA
	// recognises the sessions.
	Program string
	Logger  *slog.Logger
}

const (
	defaultConnections = 2
	defaultAge         = 10 * time.Minute
	// connectTimeout bounds a login, so that one that hangs does not hold a
	// session's place for a whole scrape.
	connectTimeout = 5 * time.Second
	// maxReply bounds what one statement may send, so that a rogue or broken
	// server cannot exhaust the exporter's memory.
	maxReply = 64 << 20
)

func (o *Options) complete() error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = defaultConnections
	}
	if o.SessionAge <= 0 {
		o.SessionAge = defaultAge
	}
	if o.Password == nil {
		o.Password = func() (string, error) { return "", nil }
	}
	if o.Program == "" {
		o.Program = "dbsync"
	}
	if strings.ContainsAny(o.Program, ",:") {
		return errors.New("program name: comma and colon are not allowed in a connection attribute")
	}
	_, _, err := splitAddress(o.Address)
	return err
}

// splitAddress returns the network and the address as net.Dial takes them.
func splitAddress(address string) (network, addr string, err error) {
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		if path == "" {
			return "", "", fmt.Errorf("address %q: name the socket, as in unix:///run/mysqld/mysqld.sock", address)
		}
		return "unix", path, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return "", "", fmt.Errorf("address %q: want host:port or unix:///path: %w", address, err)
	}
	return "tcp", address, nil
}

// driverConfig builds what the driver needs. Address, password and TLS are
// filled in at each login.
func (o *Options) driverConfig() (*mysql.Config, error) {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, _ = splitAddress(o.Address)
	cfg.User = o.User
	cfg.InterpolateParams = true // one round trip for a statement with arguments
	cfg.ConnectionAttributes = "program_name:" + o.Program
	cfg.Logger = driverLog{o.Logger}
	if err := o.TLS.pin(cfg); err != nil {
		return nil, err
	}
	d := dialer{options: o}
	cfg.DialFunc = d.dial
	return cfg, cfg.Apply(mysql.BeforeConnect(func(ctx context.Context, c *mysql.Config) error {
		password, err := o.Password()
		if err != nil {
			return &configError{err}
		}
		c.Passwd = password
		return o.TLS.apply(ctx, c)
	}))
}

// driverLog passes the driver's messages on. They are details of an error that
// the caller sees, so they are for debugging.
type driverLog struct{ logger *slog.Logger }

func (l driverLog) Print(v ...any) { l.logger.Debug(fmt.Sprint(v...), "from", "driver") }

// configError is a mistake on the exporter's side, such as a password file that
// cannot be read.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }
