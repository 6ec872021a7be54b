// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// socketScheme begins the address of a unix socket.
const socketScheme = "unix://"

// checkAddress returns an error unless the text is host:port or unix:///path.
// The error does not repeat the text, which may hold a password that does not
// belong there.
func checkAddress(address string) error {
	if path, ok := strings.CutPrefix(address, socketScheme); ok {
		if !filepath.IsAbs(path) {
			return errors.New("want an absolute path behind unix://, such as unix:///run/mysqld/mysqld.sock")
		}
		return nil
	}
	return CheckHostPort(address)
}

// CheckHostPort returns an error unless the text is host:port. The error does not
// repeat the text.
func CheckHostPort(address string) error {
	if strings.Contains(address, "@") {
		return errors.New("credentials do not belong in an address: put user and password into a module under mysql.modules")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsAny(host, "/? ") {
		return errors.New("want host:port or unix:///path, such as 127.0.0.1:3306")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return errors.New("want a port from 1 to 65535 behind the host")
	}
	return nil
}

// isLocal reports whether the address stays on this machine. A name other than
// localhost may lead anywhere, whatever it resolves to now.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return strings.HasPrefix(address, socketScheme)
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.Unmap().IsLoopback())
}

// Local reports whether the target is certainly on this machine.
func (t Target) Local() bool { return isLocal(t.Address) }
