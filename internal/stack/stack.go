// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// serversName is the folder of the servers' own folders, which end with the stack.
const serversName = "servers"

// Stack is a running system. Its methods may be called from any goroutine.
type Stack struct {
	options Options
	folder  *folder
	at      addresses
	login   *mysql.Config // the exporter's
	company *company      // nil when the user's own server is watched
	inbox   *receivers

	prometheus, alertmanager *sandbox.Service
	grafana                  atomic.Pointer[sandbox.Service] // nil until it has started
	onset                    *onsets
	faults                   *faults

	ctx     context.Context // ends the background work
	cancel  context.CancelFunc
	working sync.WaitGroup
	ends    []func() error // in the order of the starts
	saying  sync.Mutex
	failed  chan error // receives the first end of a service that nobody asked for
}

// Start starts everything and returns when all of it answers. The context bounds the start. When it fails, nothing is
// left behind; otherwise the caller stops the stack.
func Start(ctx context.Context, options Options) (*Stack, error) {
	options.defaults()
	s := &Stack{options: options, onset: newOnsets(), failed: make(chan error, 1)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) (err error) {
	began := time.Now()
	if s.options.Programs, err = FindPrograms(s.options.Programs, s.options.Server == nil); err != nil {
		return err
	}
	if s.folder, err = openFolder(s.options.Dir); err != nil {
		return err
	}
	s.atEnd(s.folder.close)
	for _, part := range s.parts() {
		if err := part.start(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if s.company != nil {
		s.work()
	}
	s.watch()
	if s.options.Programs.Grafana.Path != "" {
		s.background(s.runGrafana)
	}
	s.say("stack", "all up after %.1f s", time.Since(began).Seconds())
	return nil
}

type part struct {
	name  string
	start func(context.Context) error
}

// parts are started in this order: each one finds what it needs already there.
func (s *Stack) parts() []part {
	database := part{"database", s.startCompany}
	if s.options.Server != nil {
		database.start = s.useServer
	}
	simply := func(do func() error) func(context.Context) error {
		return func(context.Context) error { return do() }
	}
	return []part{
		{"receivers", simply(s.openReceivers)},
		database,
		{"gateway", simply(s.startGateway)},
		{"ports", simply(s.chooseAddresses)},
		{"exporter", simply(s.startExporter)},
		{"configuration", simply(s.renderFiles)},
		{"alertmanager", s.startAlertmanager},
		{"prometheus", s.startPrometheus},
		{"faults", simply(s.prepareFaults)},
	}
}

// useServer watches the user's own server with the login that was given.
func (s *Stack) useServer(context.Context) error {
	s.login = s.options.Server
	s.say("database", "watching %s as %s, nothing is written there", s.login.Addr, s.login.User)
	return s.writeSecret("mysql.password", s.login.Passwd)
}

// Dir is the folder that holds all files.
func (s *Stack) Dir() string { return s.folder.root }

// Stop ends everything, the last started first, and removes what is temporary. It may be called again.
func (s *Stack) Stop() error {
	s.cancel()
	s.working.Wait()
	var errs []error
	for _, end := range slices.Backward(s.ends) {
		errs = append(errs, end())
	}
	s.ends = nil
	return errors.Join(errs...)
}

func (s *Stack) atEnd(do func() error) { s.ends = append(s.ends, do) }

// background runs what ends with the stack.
func (s *Stack) background(do func(context.Context)) { s.working.Go(func() { do(s.ctx) }) }

func (s *Stack) say(source, format string, args ...any) {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.options.Observe(Event{At: time.Now(), Source: source, Text: oneLine(fmt.Sprintf(format, args...))})
}

// logFile opens the log of a part, which is closed at the end.
func (s *Stack) logFile(name string) (io.Writer, error) {
	dir, err := s.folder.below("logs", 0o755)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	s.atEnd(file.Close)
	return file, nil
}

// oneLine folds a text, such as a server's complaint, into one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port) // addresses are of proc.Loopback
	return number
}

// withoutSecret is a statement for messages, without the password that it sets.
func withoutSecret(statement string) string {
	before, _, _ := strings.Cut(statement, " IDENTIFIED BY ")
	return before
}
