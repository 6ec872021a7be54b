// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"hash/fnv"
	"time"
)

// retryAfter is how soon a background collector that failed tries again, at the least.
const retryAfter = 15 * time.Second

// Start begins the background collectors, which collect at once and then on their
// own interval, and the work of those that are a [Runner], until Stop. It returns
// immediately.
func (s *Scraper) Start() { s.StartAfter(0) }

// StartAfter is Start with a pause before the background collectors' first run, so
// that a thousand targets do not log in at the same moment.
func (s *Scraper) StartAfter(pause time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	var background []*unit
	for _, u := range s.units {
		if u.def.Every > 0 {
			background = append(background, u)
		}
		if r, ok := u.collector.(Runner); ok {
			s.wg.Go(func() { u.work(ctx, r) })
		}
	}
	if len(background) > 0 {
		s.wg.Go(func() { s.follow(ctx, background, pause) })
	}
}

// Stop ends the background collectors and waits for them until ctx ends. A
// collector that hangs in the kernel is left behind then, and the error says so.
func (s *Scraper) Stop(ctx context.Context) error {
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Adopt lets background collectors that have not finished once serve the
// snapshots of the same collectors of old, so that a reload makes no gap. The
// age of what is served stays visible.
func (s *Scraper) Adopt(old *Scraper) {
	for _, u := range s.units {
		for _, before := range old.units {
			if before.def.Name != u.def.Name {
				continue
			}
			before.mu.Lock()
			snapshot := before.snapshot
			before.mu.Unlock()
			u.mu.Lock()
			if u.snapshot == nil {
				u.snapshot = snapshot
			}
			u.mu.Unlock()
		}
	}
}

// work runs a Runner. A panic ends its work, and shows in the collector's panics.
func (u *unit) work(ctx context.Context, r Runner) {
	run := newRun(u.def.Name, u.logger)
	_ = run.guard(func() error {
		r.Run(ctx)
		return nil
	})
	u.mu.Lock()
	u.panics += run.panics
	u.mu.Unlock()
}

// follow runs each collector after the pause, and again when its interval has passed
// since it ended, or sooner when it failed. One goroutine waits for all of a target's: there may be a thousand
// targets. These are spread over the first interval by their names, so that they do
// not collect at the same moment.
func (s *Scraper) follow(ctx context.Context, units []*unit, pause time.Duration) {
	if pause > 0 && wait(ctx, pause) != nil {
		return
	}
	due := make(map[*unit]time.Time, len(units)) // of those that do not run
	ended := make(chan *unit, len(units))
	run := func(u *unit) {
		delete(due, u)
		s.wg.Go(func() {
			u.refresh(ctx)
			ended <- u
		})
	}
	first := make(map[*unit]time.Duration, len(units))
	for _, u := range units {
		first[u] = u.spread()
		run(u)
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-ended:
			next := u.retry()
			if u.failures == 0 {
				next = u.def.Every - first[u]
				delete(first, u)
			}
			due[u] = time.Now().Add(next)
		case now := <-timer.C:
			for u, at := range due {
				if !at.After(now) {
					run(u)
				}
			}
		}
		timer.Reset(untilNext(due))
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// untilNext is how long it is until something is due.
func untilNext(due map[*unit]time.Time) time.Duration {
	next := time.Hour
	for _, at := range due {
		next = min(next, time.Until(at))
	}
	return next
}

// spread is a part of a tenth of the interval, constant per target and collector.
func (u *unit) spread() time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(u.target.Name + "\x00" + u.def.Name))
	return time.Duration(uint64(u.def.Every/10) * uint64(h.Sum32()) >> 32)
}

// retry is the pause after the newest of some failures: a tenth of the interval,
// doubled with each further one up to the interval. A server that was down for a
// moment is not unknown for an hour, and one that stays down is not asked in vain.
func (u *unit) retry() time.Duration {
	pause := max(u.def.Every/10, retryAfter)
	for range u.failures - 1 {
		if pause >= u.def.Every {
			break
		}
		pause *= 2
	}
	return min(pause, u.def.Every)
}

// refresh collects once. A run that failed as a whole does not replace the
// snapshot: its series stay, and their timestamp tells their age. One that was late
// does not count as a failure to try again soon: its work is too much already.
func (u *unit) refresh(ctx context.Context) {
	deadline := u.def.Deadline
	if deadline == 0 {
		deadline = u.def.Every
	}
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, errLate)
	defer cancel()
	run := newRun(u.def.Name, u.logger)
	res := u.execute(ctx, run)
	u.failures++
	if connect := new(ConnectError); res.err == nil || res.skip() != nil || errors.Is(res.err, errLate) && !errors.As(res.err, &connect) {
		u.failures = 0
	}
	if res.err != nil && res.skip() == nil && len(run.published) == 0 {
		return
	}
	run.compact()
	u.mu.Lock()
	u.snapshot = res
	u.mu.Unlock()
}

// viewSnapshot is what a scrape sees of a background collector: the series of
// the snapshot and the outcome of the newest run.
func (u *unit) viewSnapshot() view {
	u.mu.Lock()
	snapshot, last := u.snapshot, u.last
	u.mu.Unlock()
	v := view{def: u.def, pending: true}
	if snapshot != nil {
		v = u.view(snapshot.run, snapshot.err, snapshot.duration)
		v.snapshot = snapshot.end
	}
	if last != nil {
		v.err, v.duration, v.pending = last.err, last.duration, false
	}
	return v
}
