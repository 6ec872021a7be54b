// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

// echo answers each connection with what it sends.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	return listener.Addr().String()
}

// ask sends a line and returns what comes back within a moment.
func ask(t *testing.T, address string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(500 * time.Millisecond))
	if _, err := c.Write([]byte("hello\n")); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func TestLinkIsCutAndMended(t *testing.T) {
	l, err := newLink(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, one := range []struct {
		state state
		timed bool
	}{{refused, false}, {silent, true}} {
		l.set(one.state)
		answer, err := ask(t, l.address())
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) != one.timed {
			t.Errorf("cut as %d: %q, %v", one.state, answer, err)
		}
		l.set(whole)
		if answer, err := ask(t, l.address()); err != nil || answer != "hello\n" {
			t.Errorf("mended after %d: %q, %v", one.state, answer, err)
		}
	}
}

// The connection is this process', which is told to be member 0.
func TestGossipIsCutBetweenTwoMembersOnly(t *testing.T) {
	own, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	members := []netip.AddrPort{own.LocalAddr().(*net.UDPAddr).AddrPort()}
	var inboxes []*net.UDPConn
	for range 2 {
		at := netip.MustParseAddrPort(echo(t))
		inbox, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		defer inbox.Close()
		members, inboxes = append(members, at), append(inboxes, inbox)
	}
	g, err := newGossip(members)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	}()
	g.runs(0, os.Getpid())
	g.set(0, 1, true)
	for i, passes := range map[int]bool{1: false, 2: true} {
		if answer, err := ask(t, g.address(i)); (err == nil) != passes {
			t.Errorf("a connection to member %d: %q, %v", i, answer, err)
		}
		if _, err := own.WriteToUDPAddrPort([]byte("hello"), netip.MustParseAddrPort(g.address(i))); err != nil {
			t.Fatal(err)
		}
		_ = inboxes[i-1].SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if _, err := inboxes[i-1].Read(make([]byte, 10)); (err == nil) != passes {
			t.Errorf("a datagram to member %d: %v", i, err)
		}
	}
}
