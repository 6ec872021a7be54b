// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"time"
)

// errLate is the cause of a run that exceeded the deadline of everybody who
// waited for it.
var errLate = errors.New("not ready by the scrape's deadline")

// flight is a run of a collector that one or more scrapes wait for. It outlives
// the scrape that began it, and ends when the last one that waits gives up or at
// the latest of their deadlines.
type flight struct {
	run     *run
	done    chan struct{}
	result  *result // set before done is closed
	cancel  context.CancelCauseFunc
	started time.Time

	// Guarded by the unit's mutex.
	waiting   int
	cancelled bool
}

type patienceKey struct{}

// Patience returns how long the scrape waits that began a collection; false when
// nobody waits or there is no bound. The collection itself goes on for those who
// joined and wait for longer. A collector whose silence would be misread, such as
// the one that says whether the server is up, speaks before that.
func Patience(ctx context.Context) (time.Duration, bool) {
	deadline, ok := ctx.Value(patienceKey{}).(time.Time)
	return time.Until(deadline), ok
}

// collect joins the run in progress or begins one, and waits for it until ctx
// ends.
func (u *unit) collect(ctx context.Context) view {
	for {
		f, joined := u.join(ctx)
		if !joined {
			// A run that nobody waits for any more is on its way out: a new one
			// begins when it has ended, for the collector is never run twice at once.
			select {
			case <-f.done:
				continue
			case <-ctx.Done():
				return u.view(f.run, errLate, time.Since(f.started))
			}
		}
		select {
		case <-f.done:
			u.leave(f)
			return u.view(f.run, f.result.err, f.result.duration)
		case <-ctx.Done():
			v := u.view(f.run, errLate, time.Since(f.started))
			u.leave(f)
			return v
		}
	}
}

// join returns the flight to wait for; false when it has been cancelled.
func (u *unit) join(ctx context.Context) (*flight, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f := u.flight; f != nil {
		if f.cancelled {
			return f, false
		}
		f.waiting++
		return f, true
	}
	run := newRun(u.def.Name, u.logger)
	own := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		own = context.WithValue(own, patienceKey{}, deadline)
	}
	own, cancel := context.WithCancelCause(own)
	f := &flight{run: run, done: make(chan struct{}), cancel: cancel, started: time.Now(), waiting: 1}
	u.flight = f
	go func() {
		f.result = u.execute(own, run)
		u.mu.Lock()
		u.flight = nil
		u.mu.Unlock()
		cancel(nil)
		close(f.done)
	}()
	return f, true
}

// leave ends the flight when nobody waits for it any more.
func (u *unit) leave(f *flight) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f.waiting--
	if f.waiting == 0 {
		f.cancelled = true
		f.cancel(errLate)
	}
}
