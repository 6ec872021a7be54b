// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/procfs"
)

// gossip carries what the members of the cluster tell each other, TCP and UDP, and can cut each pair. Every member
// advertises its door here instead of its own address.
type gossip struct {
	members []netip.AddrPort // where they listen themselves
	doors   []door
	mu      sync.Mutex
	cut     map[[2]int]bool
	pids    []int
	conns   map[net.Conn]struct{}
	running sync.WaitGroup
}

// door is where the others reach a member.
type door struct {
	tcp *net.TCPListener
	udp *net.UDPConn
}

func newGossip(members []netip.AddrPort) (*gossip, error) {
	g := &gossip{
		members: members, cut: map[[2]int]bool{}, pids: make([]int, len(members)), conns: map[net.Conn]struct{}{},
	}
	for i := range members {
		d, err := newDoor()
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		g.doors = append(g.doors, d)
		g.running.Go(func() { g.datagrams(i, d.udp) })
		g.running.Go(func() { g.streams(i, d.tcp) })
	}
	return g, nil
}

// newDoor finds a port that is free for both.
func newDoor() (door, error) {
	const tries = 20
	var last error
	for range tries {
		tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return door{}, err
		}
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Addr().(*net.TCPAddr).Port})
		if err == nil {
			return door{tcp, udp}, nil
		}
		last = errors.Join(err, tcp.Close())
	}
	return door{}, last
}

func (g *gossip) address(i int) string { return g.doors[i].tcp.Addr().String() }

// runs says which process a member is.
func (g *gossip) runs(i, pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pids[i] = pid
}

// set cuts what goes between two members, or mends it.
func (g *gossip) set(i, j int, cut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut[[2]int{min(i, j), max(i, j)}] = cut
}

func (g *gossip) isCut(i, j int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cut[[2]int{min(i, j), max(i, j)}]
}

func (g *gossip) datagrams(to int, at *net.UDPConn) {
	buffer := make([]byte, 64<<10)
	for {
		n, from, err := at.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || g.isCut(to, slices.Index(g.members, from)) {
			continue
		}
		_, _ = at.WriteToUDPAddrPort(buffer[:n], g.members[to])
	}
}

func (g *gossip) streams(to int, at *net.TCPListener) {
	for {
		from, err := at.Accept()
		if err != nil {
			return
		}
		g.running.Go(func() { g.stream(to, from) })
	}
}

func (g *gossip) stream(to int, from net.Conn) {
	if g.someCut() && g.isCut(to, g.owner(from.RemoteAddr().(*net.TCPAddr).AddrPort())) {
		reset(from)
		return
	}
	onward, err := dial(g.members[to].String())
	if err != nil {
		reset(from)
		return
	}
	g.remember(from, onward)
	copyBoth(from, onward)
	g.forget(from, onward)
}

func (g *gossip) remember(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		g.conns[c] = struct{}{}
	}
}

func (g *gossip) forget(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		delete(g.conns, c)
	}
}

func (g *gossip) someCut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, cut := range g.cut {
		if cut {
			return true
		}
	}
	return false
}

// owner is the member that made a connection, -1 when none of them did. All are on one address, so that only the
// kernel's table of sockets tells them apart.
func (g *gossip) owner(from netip.AddrPort) int {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return -1
	}
	sockets, err := fs.NetTCP() //nolint:staticcheck // one pass over a small table; netlink would be a further library
	if err != nil {
		return -1
	}
	for _, s := range sockets {
		if s.LocalPort != uint64(from.Port()) || s.Inode == 0 {
			continue
		}
		name := "socket:[" + strconv.FormatUint(s.Inode, 10) + "]"
		if i := g.holder(name); i >= 0 {
			return i
		}
	}
	return -1
}

func (g *gossip) holder(socket string) int {
	g.mu.Lock()
	pids := slices.Clone(g.pids)
	g.mu.Unlock()
	for i, pid := range pids {
		process, err := procfs.NewProc(pid)
		if err != nil {
			continue
		}
		if targets, err := process.FileDescriptorTargets(); err == nil && slices.Contains(targets, socket) {
			return i
		}
	}
	return -1
}

func (g *gossip) close() error {
	var errs []error
	for _, d := range g.doors {
		errs = append(errs, d.tcp.Close(), d.udp.Close())
	}
	g.mu.Lock()
	for c := range g.conns {
		_ = c.Close()
	}
	g.mu.Unlock()
	g.running.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end of the gossip: %w", err)
	}
	return nil
}
