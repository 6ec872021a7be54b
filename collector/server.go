// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Server is a MySQL or MariaDB server as a collector sees it: bounded
// statements over a small shared pool. Implementations are safe for concurrent
// use.
type Server interface {
	// Facts returns what the server is, connecting first when there is no
	// connection. Without a login the error is a *ConnectError.
	Facts(ctx context.Context) (Facts, error)
	// Query runs one statement that reads and calls scan for each row. An error
	// of the statement, of the iteration or of scan ends it. When ctx ends first
	// the statement is ended on the server too.
	Query(ctx context.Context, scan func(Row) error, query string, args ...any) error
	// Ping checks that there is a login and a query is answered, even while
	// every connection is busy.
	Ping(ctx context.Context) error
	// Background returns the same server for work that must not keep scrapes
	// waiting for a connection.
	Background() Server
}

// Row is the current row of a result, valid until scan returns.
type Row interface {
	Columns() ([]string, error)
	Scan(dest ...any) error
}

// Facts is what was found out about a server when the connection was made.
type Facts struct {
	Flavour           Flavour
	Version           Version
	VersionString     string // @@version
	VersionComment    string // @@version_comment
	Hostname          string // @@hostname
	PerformanceSchema bool   // @@performance_schema
	Grants            Grants
	// Since identifies the connection that the facts were read over: another
	// value means that the server may be another one.
	Since int64
}

// Flavour is the lineage of a server.
type Flavour string

// The flavours that are told apart. Percona Server counts as MySQL wherever a
// declaration names no Percona entry of its own.
const (
	MySQL   Flavour = "mysql"
	Percona Flavour = "percona"
	MariaDB Flavour = "mariadb"
)

// DetectFlavour tells the lineage by @@version and @@version_comment, never by
// the number: MySQL's own numbers passed MariaDB's with the yearly versions.
func DetectFlavour(version, comment string) Flavour {
	both := strings.ToLower(version + " " + comment)
	switch {
	case strings.Contains(both, "mariadb"):
		return MariaDB
	case strings.Contains(both, "percona"):
		return Percona
	}
	return MySQL
}

// Version is a server version, compared number by number.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads the leading "major.minor.patch" of @@version; what follows
// (a suffix of the distribution or the flavour) is ignored.
func ParseVersion(s string) (Version, error) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) < 2 {
		return Version{}, fmt.Errorf("version %q: want major.minor.patch", s)
	}
	var n [3]int
	for i, part := range parts {
		digits := part[:leadingDigits(part)]
		v, err := strconv.Atoi(digits)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: want major.minor.patch", s)
		}
		n[i] = v
		if digits != part {
			break
		}
	}
	return Version{n[0], n[1], n[2]}, nil
}

func leadingDigits(s string) int {
	for i, c := range s {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(s)
}

// String returns "major.minor.patch".
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// AtLeast reports whether v is w or later.
func (v Version) AtLeast(w Version) bool {
	if v.Major != w.Major {
		return v.Major > w.Major
	}
	if v.Minor != w.Minor {
		return v.Minor > w.Minor
	}
	return v.Patch >= w.Patch
}

// Range is a span of versions: From is included, Before is not. A zero bound is
// open.
type Range struct{ From, Before Version }

// Contains reports whether v lies in the range.
func (r Range) Contains(v Version) bool {
	return v.AtLeast(r.From) && (r.Before == Version{} || !v.AtLeast(r.Before))
}

// ConnectError says why there is no login.
type ConnectError struct {
	Reason ConnectReason
	// Reachable is true when the server sent any protocol packet, a refusal
	// included.
	Reachable bool
	Err       error
}

func (e *ConnectError) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.Err) }
func (e *ConnectError) Unwrap() error { return e.Err }

// ConnectReason is the value of the reason label of dbsync_connect_error.
type ConnectReason string

// The reasons that are told apart, because each has another remedy.
const (
	Unreachable        ConnectReason = "unreachable"          // no route, refused, name unknown
	Timeout            ConnectReason = "timeout"              // no answer in time
	AccessDenied       ConnectReason = "access_denied"        // wrong account, password or host
	TooManyConnections ConnectReason = "too_many_connections" // the server's or the account's limit
	HostBlocked        ConnectReason = "host_blocked"         // too many connect errors, FLUSH HOSTS
	TLSFailed          ConnectReason = "tls"                  // no TLS, or its certificate does not verify
	UnverifiedServer   ConnectReason = "unverified_server"    // the login would need a server we have not verified
	NotAllowed         ConnectReason = "not_allowed"          // the dialled address is outside probe_allow
	Misconfigured      ConnectReason = "config"               // a password or certificate file cannot be read
	ServerError        ConnectReason = "server_error"         // any other refusal, or no MySQL protocol at all
)

// ConnectReasons lists every reason, in the order of the documentation.
func ConnectReasons() []ConnectReason {
	return []ConnectReason{
		Unreachable, Timeout, AccessDenied, TooManyConnections, HostBlocked,
		TLSFailed, UnverifiedServer, NotAllowed, Misconfigured, ServerError,
	}
}
