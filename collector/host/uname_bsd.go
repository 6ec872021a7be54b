// SPDX-License-Identifier: Apache-2.0

//go:build darwin || freebsd

package host

import (
	"strings"

	"golang.org/x/sys/unix"
)

// readUname splits the name of the machine as node_exporter does here: what
// follows its first dot is the domain.
func readUname() (uname, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return uname{}, err
	}
	text := unix.ByteSliceToString
	node, domain, _ := strings.Cut(text(u.Nodename[:]), ".")
	return uname{
		sysname: text(u.Sysname[:]), release: text(u.Release[:]), version: text(u.Version[:]),
		machine: text(u.Machine[:]), nodename: node, domainname: domain,
	}, nil
}
