// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
)

// reasons maps the server's refusals
// (dev.mysql.com/doc/mysql-errors/en/server-error-reference.html).
var reasons = map[uint16]collector.ConnectReason{
	1040: collector.TooManyConnections, // ER_CON_COUNT_ERROR
	1203: collector.TooManyConnections, // ER_TOO_MANY_USER_CONNECTIONS
	1226: collector.TooManyConnections, // ER_USER_LIMIT_REACHED
	1044: collector.AccessDenied,       // ER_DBACCESS_DENIED_ERROR
	1045: collector.AccessDenied,       // ER_ACCESS_DENIED_ERROR
	1130: collector.AccessDenied,       // ER_HOST_NOT_PRIVILEGED
	1698: collector.AccessDenied,       // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
	1820: collector.AccessDenied,       // ER_MUST_CHANGE_PASSWORD
	1862: collector.AccessDenied,       // ER_MUST_CHANGE_PASSWORD_LOGIN
	3118: collector.AccessDenied,       // ER_ACCOUNT_HAS_BEEN_LOCKED
	4151: collector.AccessDenied,       // MariaDB ER_ACCOUNT_HAS_BEEN_LOCKED
	1129: collector.HostBlocked,        // ER_HOST_IS_BLOCKED
	3159: collector.TLSFailed,          // ER_SECURE_TRANSPORT_REQUIRED
}

// connectError says why a login failed. heard is whether the server sent
// anything at all.
func connectError(err error, heard bool) *collector.ConnectError {
	return &collector.ConnectError{Reason: connectReason(err, heard), Reachable: heard, Err: err}
}

func connectReason(err error, heard bool) collector.ConnectReason {
	var (
		refused    *mysql.MySQLError
		notAllowed *notAllowedError
		config     *configError
		network    *net.OpError
	)
	switch {
	case errors.As(err, &refused):
		if reason, known := reasons[refused.Number]; known {
			return reason
		}
		return collector.ServerError
	case errors.As(err, &notAllowed):
		return collector.NotAllowed
	case errors.As(err, &config):
		return collector.Misconfigured
	case isUnverified(err):
		return collector.UnverifiedServer
	case isTLS(err):
		return collector.TLSFailed
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, os.ErrDeadlineExceeded):
		return collector.Timeout
	case errors.As(err, &network) && network.Timeout():
		return collector.Timeout
	case heard:
		return collector.ServerError
	}
	return collector.Unreachable
}

// isUnverified reports a login that would hand the password to a server nobody
// has verified; the driver refuses clear-text and weak plugins by these errors.
func isUnverified(err error) bool {
	return errors.Is(err, errUnverified) || errors.Is(err, mysql.ErrCleartextPassword) ||
		errors.Is(err, mysql.ErrNativePassword) || errors.Is(err, mysql.ErrOldPassword)
}

func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		alert        tls.AlertError
		record       tls.RecordHeaderError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.Is(err, mysql.ErrNoTLS) || errors.As(err, &verification) || errors.As(err, &alert) ||
		errors.As(err, &record) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}
