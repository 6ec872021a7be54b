// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// network is an entry of probe_allow: addresses and the one port on them.
type network struct {
	prefix netip.Prefix
	port   uint16
}

// UnmarshalText reads "10.20.0.0/16:3306", "[2001:db8::]/32:3306" or, with an
// address in place of a network, "10.20.0.7:3306".
func (n *network) UnmarshalText(text []byte) error {
	wrong := errors.New(`want a network and a port, such as "10.20.0.0/16:3306" or "[2001:db8::]/32:3306"`)
	s := string(text)
	cut := strings.LastIndexByte(s, ':')
	if cut < 0 {
		return wrong
	}
	port, err := strconv.ParseUint(s[cut+1:], 10, 16)
	if err != nil || port == 0 {
		return wrong
	}
	prefix, err := parsePrefix(strings.NewReplacer("[", "", "]", "").Replace(s[:cut]))
	if err != nil {
		return wrong
	}
	*n = network{prefix, uint16(port)}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	return prefix.Masked(), err
}

// MarshalYAML returns the entry as it is written.
func (n network) MarshalYAML() (any, error) {
	if n.prefix.Addr().Is6() {
		return fmt.Sprintf("[%s]/%d:%d", n.prefix.Addr(), n.prefix.Bits(), n.port), nil
	}
	return fmt.Sprintf("%s:%d", n.prefix, n.port), nil
}

// Networks are the addresses that free-form probe targets may have.
type Networks struct{ list []network }

// Empty reports whether no free-form target is allowed at all.
func (n Networks) Empty() bool { return len(n.list) == 0 }

// Check returns an error unless the address lies in one of the networks. It is
// meant for the address that a connection is being made to: a name's addresses
// may be others by the time it is dialled. IPv4 addresses in IPv6 clothes
// (::ffff:10.20.0.7) count as what they are; addresses with a zone are refused,
// for a zone says nothing about where a packet goes.
func (n Networks) Check(addr net.Addr) error {
	parsed, err := netip.ParseAddrPort(addr.String())
	if err != nil || addr.Network() != "tcp" {
		return fmt.Errorf("%s address %s is not in mysql.probe_allow", addr.Network(), addr)
	}
	ip := parsed.Addr().Unmap()
	inside := func(one network) bool { return one.port == parsed.Port() && one.prefix.Contains(ip) }
	if !slices.ContainsFunc(n.list, inside) {
		return fmt.Errorf("address %s is not in mysql.probe_allow", netip.AddrPortFrom(ip, parsed.Port()))
	}
	return nil
}
