// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// state is what becomes of what is sent over a link.
type state int

const (
	whole   state = iota
	refused       // connections are reset, as when nobody listens
	silent        // nothing arrives and nothing is said, as when a cable is out
)

// link is a TCP connection between two parts of the layout that can be cut.
type link struct {
	to       string
	listener net.Listener
	mu       sync.Mutex
	changed  *sync.Cond
	state    state
	closed   bool
	open     map[net.Conn]struct{}
	running  sync.WaitGroup
}

// dial connects to another port of this machine.
func dial(to string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(context.Background(), "tcp", to)
}

func newLink(to string) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &link{to: to, listener: listener, open: map[net.Conn]struct{}{}}
	l.changed = sync.NewCond(&l.mu)
	l.running.Go(l.accept)
	return l, nil
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) accept() {
	for {
		from, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.running.Go(func() { l.serve(from) })
	}
}

// serve carries one connection.
func (l *link) serve(from net.Conn) {
	if !l.keep(from) {
		return
	}
	defer l.drop(from)
	if !l.wait() {
		return
	}
	to, err := dial(l.to)
	if err != nil || !l.keep(to) {
		return
	}
	defer l.drop(to)
	l.running.Go(func() { l.carry(from, to) })
	l.carry(to, from)
}

// carry copies one direction; when it ends, so does the other.
func (l *link) carry(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !l.wait() {
			return
		}
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

// wait holds back while the link is silent, and says whether it carries.
func (l *link) wait() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.state == silent && !l.closed {
		l.changed.Wait()
	}
	return l.state == whole && !l.closed
}

// keep remembers a connection, or resets it when the link refuses.
func (l *link) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == refused || l.closed {
		reset(c)
		return false
	}
	l.open[c] = struct{}{}
	return true
}

func (l *link) drop(c net.Conn) {
	l.mu.Lock()
	delete(l.open, c)
	l.mu.Unlock()
	_ = c.Close()
}

func (l *link) set(s state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	l.changed.Broadcast()
	if s == refused {
		for c := range l.open {
			reset(c)
		}
	}
}

func (l *link) is(s state) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == s
}

func (l *link) close() error {
	err := l.listener.Close()
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	for c := range l.open {
		_ = c.Close()
	}
	l.mu.Unlock()
	l.running.Wait()
	return err
}

// reset closes so that the other side sees a reset, not an end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// copyBoth carries a connection until both directions have ended.
func copyBoth(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			if tcp, ok := pair[0].(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
		})
	}
	both.Wait()
	_ = errors.Join(a.Close(), b.Close())
}
