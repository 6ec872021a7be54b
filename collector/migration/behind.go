// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	// ownHistories and ownRows bound what a scrape looks at itself: one statement,
	// and entries of an index, as a look counts the rows. Few installations have
	// more; there the rest is looked at in the background, so that a scrape takes as
	// long with a thousand histories.
	ownHistories = batch
	ownRows      = 1000
	// lookEvery is how often the rest is looked at.
	lookEvery = 10 * time.Second
	// stale is the age at which what was seen in the background is no longer shown.
	stale = time.Minute
)

// behind shares the histories between the scrapes and the background.
type behind struct {
	rest    atomic.Pointer[[]*history] // what the newest scrape had no time for
	working atomic.Bool
	wanted  chan struct{} // somebody waits for a first look
}

func newBehind() behind { return behind{wanted: make(chan struct{}, 1)} }

// look looks at the histories that a scrape has time for, and leaves the rest to
// the background, where somebody works there.
func (b *behind) look(ctx context.Context, s session, all []*history, now func() time.Time) {
	if !b.working.Load() {
		examine(ctx, s, all, now, func(*history) bool { return false })
		return
	}
	var own, rest []*history
	var rows int64
	for _, h := range all {
		r := h.latest.Load()
		switch {
		case r == nil: // a restart makes no gap
			own = append(own, h)
		case len(own) < ownHistories && rows+r.size <= ownRows:
			own, rows = append(own, h), rows+r.size
		default:
			rest = append(rest, h)
		}
	}
	rest = append(rest, examine(ctx, s, own, now, func(h *history) bool { return h.seen.rows.count.Int64 > ownRows })...)
	b.rest.Store(&rest)
	if slices.ContainsFunc(rest, func(h *history) bool { return h.latest.Load() == nil }) {
		select {
		case b.wanted <- struct{}{}:
		default:
		}
	}
}

// run looks at the rest until ctx ends.
func (b *behind) run(ctx context.Context, server collector.Server, now func() time.Time) {
	b.working.Store(true)
	defer b.working.Store(false)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-b.wanted:
		}
		if rest := b.rest.Load(); rest != nil && len(*rest) > 0 {
			lookBehind(ctx, server, *rest, now)
		}
	}
}

// lookBehind looks once. While the server cannot be asked, what was seen grows old.
func lookBehind(ctx context.Context, server collector.Server, rest []*history, now func() time.Time) {
	ctx, cancel := context.WithTimeout(ctx, stale)
	defer cancel()
	facts, err := server.Facts(ctx)
	if err != nil {
		return
	}
	for some := range slices.Chunk(rest, batch) {
		examine(ctx, session{server, facts}, some, now, func(*history) bool { return false })
		if ctx.Err() != nil {
			return
		}
	}
}

// examine looks at histories and makes a reading of each, but for those that turn
// out to be too much, which it returns. Who is looked at by somebody else just now
// is left alone.
func examine(ctx context.Context, s session, all []*history, now func() time.Time, tooMuch func(*history) bool) (left []*history) {
	var some []*history
	for _, h := range all {
		if h.looking.TryLock() {
			defer h.looking.Unlock()
			some = append(some, h)
		}
	}
	look(ctx, s.Server, some)
	for _, h := range some {
		if h.seen.err == nil && tooMuch(h) {
			left = append(left, h)
			continue
		}
		r := h.take(ctx, s, now())
		if ctx.Err() == nil || r.err == nil {
			h.latest.Store(r)
		}
	}
	return left
}
