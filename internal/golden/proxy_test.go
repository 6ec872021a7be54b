// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between the exporter and its server and does to the server's
// replies what networks and broken servers do.
type proxy struct {
	listener net.Listener
	handlers sync.WaitGroup

	mu     sync.Mutex
	server string
	fault  fault
	open   map[net.Conn]bool
}

// fault passes a piece of a reply on, changed or not; it returns false to close
// the connection. nil: as it came.
type fault func(to io.Writer, piece []byte) bool

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: server, listener: listener, open: map[net.Conn]bool{}}
	p.handlers.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.set(nil)
		p.cut()
		p.handlers.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// set changes what becomes of replies from now on, on open connections too.
func (p *proxy) set(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// lead makes new connections go to another server.
func (p *proxy) lead(server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
}

func (p *proxy) behind() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

func (p *proxy) current() fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// cut closes all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
}

func (p *proxy) drop(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		server, err := net.Dial("tcp", p.behind())
		if err != nil { // the server is down: so is what stands for it
			_ = client.Close()
			continue
		}
		p.keep(client)
		p.keep(server)
		p.handlers.Go(func() {
			defer p.drop(server)
			// Without splice(2), whose pipes stay open for a while and would look like a leak.
			_, _ = io.Copy(struct{ io.Writer }{server}, struct{ io.Reader }{client})
		})
		p.handlers.Go(func() {
			defer p.drop(client)
			defer p.drop(server)
			p.reply(client, server)
		})
	}
}

func (p *proxy) reply(client io.Writer, server io.Reader) {
	piece := make([]byte, 16<<10)
	for {
		n, err := server.Read(piece)
		if err != nil {
			return
		}
		if f := p.current(); f != nil {
			if !f(client, piece[:n]) {
				return
			}
		} else if _, err := client.Write(piece[:n]); err != nil {
			return
		}
	}
}

// The faults.

// closing closes a connection as soon as the server says something.
func closing(io.Writer, []byte) bool { return false }

// halfOpen swallows replies: the connection is there and nothing comes.
func halfOpen(io.Writer, []byte) bool { return true }

// slow takes its time with each reply.
func slow(to io.Writer, piece []byte) bool {
	time.Sleep(5 * time.Millisecond)
	_, err := to.Write(piece)
	return err == nil
}

// half passes half of a reply and closes.
func half(to io.Writer, piece []byte) bool {
	_, _ = to.Write(piece[:len(piece)/2])
	return false
}

// garbage passes as many bytes that mean nothing.
func garbage(to io.Writer, piece []byte) bool {
	for i := range piece {
		piece[i] = byte(i*131 + 89)
	}
	_, err := to.Write(piece)
	return err == nil
}

// absurd announces packets of the largest size without an end and sends them.
func absurd(to io.Writer, _ []byte) bool {
	zeros := make([]byte, 1<<20)
	for n := byte(0); n < 20; n++ {
		if _, err := to.Write([]byte{0xff, 0xff, 0xff, n}); err != nil {
			return false
		}
		for left := 1<<24 - 1; left > 0; {
			k, err := to.Write(zeros[:min(left, len(zeros))])
			if err != nil {
				return false
			}
			left -= k
		}
	}
	return false
}
