// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/easy-erp/dbsync/internal/hang"
)

const (
	// stopTimeout bounds the whole stop: systemd and Kubernetes wait at least 30 s.
	stopTimeout = 15 * time.Second
	// retireTimeout bounds the closing of what a reload has replaced: longer than
	// the longest scrape.
	retireTimeout = maxDeadline + stopTimeout
	// sweepEvery is how often free-form targets are looked through for old ones.
	sweepEvery = time.Minute
)

// Exporter is the daemon. It is safe for concurrent use.
type Exporter struct {
	options Options
	self    *self
	limit   chan struct{} // one for each scrape that may go on; nil: no bound

	compress func(http.Handler) http.HandlerFunc // what scrapes answer

	runWrites  chan struct{} // one for each report of a run that may go on
	refreshing hang.Guard    // of the state folder, for the run API
	listing    hang.Guard    // of the lists that releases push

	reloading sync.Mutex
	current   atomic.Pointer[generation] // nil when stopped
	ready     atomic.Bool
	retiring  sync.WaitGroup
}

// New loads the configuration and prepares everything that can fail. Nothing runs
// and nothing is dialled before Run.
func New(options Options) (*Exporter, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	e := &Exporter{options: options, runWrites: make(chan struct{}, maxRunWrites)}
	if options.MaxRequests > 0 {
		e.limit = make(chan struct{}, options.MaxRequests)
	}
	e.self = newSelf(e.visitorCount)
	var err error
	if e.compress, err = newCompress(); err != nil {
		return nil, err
	}
	c, err := options.Load()
	if err != nil {
		return nil, err
	}
	first, err := e.build(c, nil)
	if err != nil {
		return nil, err
	}
	e.current.Store(first)
	e.self.loaded(options.Now())
	return e, nil
}

// Check does all that New does, and leaves nothing behind.
func Check(options Options) error {
	e, err := New(options)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), stopTimeout, errStopTimeout)
	defer cancel()
	return e.stop(ctx)
}

// Run serves until ctx ends, then stops everything within a bound. It is called
// once.
func (e *Exporter) Run(ctx context.Context) error {
	e.current.Load().start(nil) //nolint:contextcheck // background work ends by stop, after the last request
	e.ready.Store(true)
	server := e.httpServer()
	served := make(chan error, 1)
	go func() { served <- e.serve(server) }()
	err := e.loop(ctx, served)
	e.ready.Store(false)
	stopCtx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), stopTimeout, errStopTimeout)
	defer cancel()
	return errors.Join(err, stopHTTP(stopCtx, server), e.stop(stopCtx))
}

var errStopTimeout = fmt.Errorf("did not end within %v", stopTimeout)

// loop waits for what happens: the end, a reload, or the server giving up.
func (e *Exporter) loop(ctx context.Context, served <-chan error) error {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-served:
			return err
		case <-e.options.Reload:
			_ = e.Reload() //nolint:contextcheck // it is finished even when the end comes meanwhile; its error is logged and in the gauge
		case <-sweep.C:
			e.retire(e.current.Load().visitors.expired()) //nolint:contextcheck // stop waits for it, within its own bound
		}
	}
}

// Reload loads the configuration again and swaps what it changes. On an error
// everything stays as it was.
func (e *Exporter) Reload() error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	err := e.swap()
	if err != nil {
		e.self.failed()
		e.options.Logger.Error("configuration not reloaded, the old one stays in force", "err", err)
		return err
	}
	e.self.loaded(e.options.Now())
	e.options.Logger.Info("configuration reloaded")
	return nil
}

// swap does all that can fail before it touches what is live.
func (e *Exporter) swap() error {
	old := e.current.Load()
	if old == nil {
		return errGone
	}
	c, err := e.options.Load()
	if err != nil {
		return err
	}
	next, err := e.build(c, old)
	if err != nil {
		return err
	}
	next.start(old)
	e.current.Store(next)
	e.retire(old.retired(next))
	return nil
}

// retire closes targets that no request can find any more, in the background.
func (e *Exporter) retire(targets []*target) {
	if len(targets) == 0 {
		return
	}
	e.retiring.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), retireTimeout)
		defer cancel()
		if err := closeAll(ctx, targets); err != nil {
			e.options.Logger.Warn("replaced targets were not closed cleanly", "err", err)
		}
	})
}

// stop closes every target and waits for what a reload has left to close.
func (e *Exporter) stop(ctx context.Context) error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	last := e.current.Swap(nil)
	err := closeAll(ctx, last.retired(nil))
	done := make(chan struct{})
	go func() {
		e.retiring.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, context.Cause(ctx))
	}
	return err
}

// borrow finds a target and enters it; the caller leaves it. A target that is
// being closed was replaced meanwhile, so it is looked for again.
func (e *Exporter) borrow(find func(*generation) (*target, error)) (*target, error) {
	for {
		g := e.current.Load()
		if g == nil {
			return nil, failure(unavailable, "the exporter is stopping")
		}
		t, err := find(g)
		switch {
		case errors.Is(err, errGone):
		case err != nil:
			return nil, err
		case t.enter():
			return t, nil
		}
	}
}

// errGone says that a generation was replaced while it was used.
var errGone = errors.New("the exporter is stopping or has loaded another configuration")

func (e *Exporter) visitorCount() float64 {
	if g := e.current.Load(); g != nil {
		return float64(g.visitors.count())
	}
	return 0
}
