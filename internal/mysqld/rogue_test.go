// SPDX-License-Identifier: Apache-2.0

package mysqld_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/mysqld"
)

// rogue is a server that means ill: it logs everybody in, and does what a test wants
// at one point of the protocol. It remembers all that it was sent.
type rogue struct {
	afterLogin []byte                           // its answer to a login, as a packet's payload; nil: OK
	onQuery    func(c net.Conn, sequence *byte) // its answer to a statement; nil: hangs up

	mu   sync.Mutex
	sent bytes.Buffer // what the client sent
}

// Parts of the protocol
// (dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html).
const (
	capabilities = 0x00000001 | 0x00000080 | 0x00000200 | 0x00002000 | 0x00008000 | 0x00080000 // LOCAL_FILES and plugin auth among them
	packetOK     = "\x00\x00\x00\x02\x00\x00\x00"
)

func (g *rogue) serve(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				g.talk(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return listener.Addr().String()
}

func (g *rogue) talk(c net.Conn) {
	var sequence byte
	hello := append([]byte("\x0a8.4.0\x00\x01\x00\x00\x00abcdefgh\x00"), byte(capabilities&0xff), byte(capabilities>>8&0xff), 45, 2, 0,
		byte(capabilities>>16&0xff), byte(capabilities>>24&0xff), 21)
	hello = append(append(hello, make([]byte, 10)...), "ijklmnopqrst\x00mysql_native_password\x00"...)
	write(c, &sequence, hello)
	if !g.read(c, &sequence) {
		return
	}
	answer := g.afterLogin
	if answer == nil {
		answer = []byte(packetOK)
	}
	write(c, &sequence, answer)
	for g.read(c, &sequence) && g.onQuery != nil {
		g.onQuery(c, &sequence)
	}
}

func write(c io.Writer, sequence *byte, payload []byte) {
	size := len(payload)
	_, _ = c.Write(append([]byte{byte(size), byte(size >> 8), byte(size >> 16), *sequence}, payload...))
	*sequence++
}

// read takes a packet; the next one that is written is the one after it.
func (g *rogue) read(c io.Reader, sequence *byte) bool {
	var header [4]byte
	if _, err := io.ReadFull(c, header[:]); err != nil {
		return false
	}
	*sequence = header[3] + 1
	payload := make([]byte, binary.LittleEndian.Uint32(append(header[:3:3], 0)))
	_, err := io.ReadFull(c, payload)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent.Write(payload)
	return err == nil
}

func (g *rogue) got(what string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return bytes.Contains(g.sent.Bytes(), []byte(what))
}

// ask makes the exporter's connection log in to the server, which must not succeed.
func ask(t *testing.T, address, password string) {
	t.Helper()
	s, err := mysqld.New(mysqld.Options{
		Address: address, User: "dbsync", Password: func() (string, error) { return password, nil }, TLS: mysqld.TLS{Mode: mysqld.TLSDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := s.Facts(ctx); err == nil {
		t.Error("the rogue passes for a server")
	}
}

// TestRogueServerGetsNoFile: a server may answer any statement with a request for a
// file of the client's (LOCAL INFILE). It gets none.
func TestRogueServerGetsNoFile(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("what only this host knows"), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 100)
	g := &rogue{onQuery: func(c net.Conn, sequence *byte) {
		write(c, sequence, append([]byte{0xfb}, secret...))
		asked <- struct{}{}
	}}
	ask(t, g.serve(t), "a password")
	if len(asked) == 0 || !g.got("SELECT") {
		t.Error("no statement was sent, so nothing was asked for")
	}
	if g.got("only this host") {
		t.Error("the server got a file")
	}
}

// TestRogueServerGetsNoPassword: a server may ask for the password itself, or for a
// hash that is as good, in place of a proof that it is known. Without TLS it gets none.
func TestRogueServerGetsNoPassword(t *testing.T) {
	for name, request := range map[string]string{
		"clear text": "\xfemysql_clear_password\x00",
		"dialog":     "\xfedialog\x00Password: \x00",
		"old hash":   "\xfemysql_old_password\x00abcdefgh\x00",
		"older hash": "\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			g := &rogue{afterLogin: []byte(request)}
			ask(t, g.serve(t), "hunter2")
			if !g.got("dbsync") {
				t.Error("nobody logged in, so nothing was asked for")
			}
			if g.got("hunter2") {
				t.Error("the server got the password")
			}
		})
	}
}

// TestRogueServerTakesNoMemory: packets of the largest size without an end, rows
// without an end, a number of columns that nothing has.
func TestRogueServerTakesNoMemory(t *testing.T) {
	const most = 1 << 30 // of all that is allocated, ever; what is in use at one time is a part of it
	flood := func(c net.Conn) {
		zeros := make([]byte, 1<<20)
		for n := 0; n < 64; n++ {
			if _, err := c.Write([]byte{0xff, 0xff, 0xff, byte(n + 1)}); err != nil {
				return
			}
			for left := 1<<24 - 1; left > 0; {
				k, err := c.Write(zeros[:min(left, len(zeros))])
				if err != nil {
					return
				}
				left -= k
			}
		}
	}
	for name, answer := range map[string]func(net.Conn, *byte){
		"packets":      func(c net.Conn, _ *byte) { flood(c) },
		"many columns": func(c net.Conn, sequence *byte) { write(c, sequence, []byte("\xfd\xff\xff\xff")); flood(c) },
		"columns": func(c net.Conn, sequence *byte) {
			write(c, sequence, []byte("\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"))
			flood(c)
		},
		"an odd length": func(c net.Conn, sequence *byte) { write(c, sequence, []byte("\xfc")) },
		"an empty one":  func(c net.Conn, sequence *byte) { write(c, sequence, nil) },
		"half a column": func(c net.Conn, sequence *byte) {
			write(c, sequence, []byte("\x01"))
			write(c, sequence, []byte("\x03def"))
		},
		"half a row": func(c net.Conn, sequence *byte) {
			write(c, sequence, []byte("\x01"))
			write(c, sequence, []byte("\x03def\x00\x00\x00\x01a\x01a\x0c\x3f\x00\x01\x00\x00\x00\x08\x81\x00\x00\x00\x00"))
			write(c, sequence, []byte("\xfe\x00\x00\x02\x00"))
			write(c, sequence, []byte("\x09x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := &rogue{onQuery: answer}
			address := g.serve(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			ask(t, address, "")
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("%d MiB were allocated", used>>20)
			} else {
				t.Logf("%d MiB were allocated", used>>20)
			}
		})
	}
}
