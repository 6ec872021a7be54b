// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/singleflight"

	"github.com/easy-erp/dbsync/collector"
)

// Server is the connection to one server. It implements [collector.Server] and
// is safe for concurrent use.
type Server struct {
	options Options
	db      *sql.DB
	places  chan struct{} // one for each session that may be open
	slow    chan struct{} // of the places, those that background work may take
	reserve *reserve
	first   singleflight.Group // the login that several callers wait for
	pending sync.WaitGroup     // statements that are being ended, and logins of successors
	stop    context.CancelFunc // of the logins
	running context.Context

	mu     sync.Mutex
	idle   []*session // the newest last
	open   int        // sessions that are idle or in use
	facts  *collector.Facts
	closed bool
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("mysqld: the server's connections are closed")

// New prepares a server; nothing is dialled before the first use.
func New(options Options) (*Server, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	s := &Server{options: options}
	cfg, err := s.options.driverConfig()
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	s.db = sql.OpenDB(guarded{connector})
	s.db.SetMaxIdleConns(-1) // sessions are kept here; what the pool gets back is closed
	s.reserve = newReserve(s.db, s.options.SessionAge, s.options.Logger)
	s.places = make(chan struct{}, s.options.MaxConnections)
	s.slow = make(chan struct{}, max(1, s.options.MaxConnections-1))
	s.running, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Close ends all sessions and waits for statements that are being ended.
func (s *Server) Close() error {
	s.stop()
	s.mu.Lock()
	s.closed = true
	idle := s.idle
	s.idle, s.facts = nil, nil
	s.mu.Unlock()
	for _, one := range idle {
		_ = one.conn.Close()
	}
	s.pending.Wait()
	s.reserve.close()
	return s.db.Close()
}

// Background returns the server for work that is not urgent: it leaves one
// session to the scrapes.
func (s *Server) Background() collector.Server { return background{s} }

type background struct{ *Server }

func (b background) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	select {
	case b.slow <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.slow }()
	return b.Server.Query(ctx, scan, query, args...)
}

// Facts returns what the server is. Callers that find no session wait for one
// login together.
func (s *Server) Facts(ctx context.Context) (collector.Facts, error) {
	if f := s.known(ctx); f != nil {
		return *f, nil
	}
	result := s.first.DoChan("", func() (any, error) {
		// The login serves all who wait, so it does not end with the first one.
		ctx := context.WithoutCancel(ctx)
		one, err := s.acquire(ctx)
		if err != nil {
			return nil, err
		}
		s.release(ctx, one, nil)
		return one.facts, nil
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return collector.Facts{}, r.Err
		}
		return r.Val.(collector.Facts), nil
	case <-ctx.Done():
		return collector.Facts{}, connectError(ctx.Err(), false)
	}
}

// known returns the facts while a session is in use or an idle one is alive.
func (s *Server) known(ctx context.Context) *collector.Facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		newest := s.idle[len(s.idle)-1]
		if newest.alive(ctx) {
			return s.facts
		}
		s.idle = s.idle[:len(s.idle)-1]
		s.forget(newest)
	}
	if s.open > 0 {
		return s.facts
	}
	return nil
}

// Query runs one statement that reads. A statement that meets a session which
// the server has closed meanwhile is run again on a new one.
func (s *Server) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	for {
		one, err := s.acquire(ctx)
		if err != nil {
			return err
		}
		reused, rows := one.used, 0
		err = one.run(ctx, func(r collector.Row) error { rows++; return scan(r) }, query, args...)
		s.release(ctx, one, err)
		if !reused || rows > 0 || ctx.Err() != nil || !isBroken(err) {
			return err
		}
	}
}

// ownFirst is how long a ping waits for one of the sessions that there are, which other collectors of the same scrape
// use, before it makes a further one; half of its time at most.
const ownFirst = 500 * time.Millisecond

// Ping checks that we are logged in and a query is answered. While all sessions
// stay busy it asks over whichever is free first, one of them or the reserve, so
// that our own slow statements do not make the server look down.
func (s *Server) Ping(ctx context.Context) error {
	discard := func(collector.Row) error { return nil }
	patience := ownFirst
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case s.places <- struct{}{}:
	case <-soon.Done():
		select {
		case s.places <- struct{}{}:
		case s.reserve.lock <- struct{}{}:
			return s.reserve.locked(ctx, func(one *session) error { return one.run(ctx, discard, "SELECT 1") })
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	<-s.places
	return s.Query(ctx, discard, "SELECT 1")
}

// acquire returns a session, waiting for a place and logging in when needed.
func (s *Server) acquire(ctx context.Context) (*session, error) {
	select {
	case s.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	one, err := s.take(ctx)
	if err == nil && one == nil {
		one, err = s.login(ctx)
	}
	if err != nil {
		<-s.places
		return nil, err
	}
	return one, nil
}

// take returns an idle session that is alive, or nil.
func (s *Server) take(ctx context.Context) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	for len(s.idle) > 0 {
		one := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if one.alive(ctx) {
			return one, nil
		}
		s.forget(one)
	}
	return nil, nil
}

func (s *Server) login(ctx context.Context) (*session, error) {
	one, err := login(ctx, s.db, s.options.Logger)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one.due = time.Now().Add(s.options.SessionAge)
	s.open++
	s.facts = &one.facts
	return one, nil
}

// forget closes a session; s.mu is held.
func (s *Server) forget(one *session) {
	_ = one.conn.Close()
	s.open--
	if s.open == 0 {
		s.facts = nil
	}
}

// release gives a session back, or ends it when it is not in order. The place of
// a session whose statement may still run is free when the server has ended it.
func (s *Server) release(ctx context.Context, one *session, err error) {
	one.used = true
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() == nil && (err == nil || isServerError(err)) && !s.closed {
		s.idle = append(s.idle, one)
		<-s.places
		s.renewWhenDue(one)
		return
	}
	s.forget(one)
	if ctx.Err() == nil || err == nil {
		<-s.places
		return
	}
	s.pending.Go(func() { //nolint:contextcheck // the statement is ended although its context is over
		defer func() { <-s.places }()
		s.reserve.end(one.id)
	})
}
