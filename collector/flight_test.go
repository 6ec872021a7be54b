// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a collector that takes a second and counts its runs.
func slow(runs *atomic.Int32) Func {
	return func(ctx context.Context, out *Sink) error {
		runs.Add(1)
		select {
		case <-time.After(time.Second):
			out.Emit(plain, 1)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestOverlappingScrapesShareOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		s := newScraper(t, definition("a", slow(&runs), plain))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { wantValue(t, s.Scrape(t.Context()), 1, "dbsync_collector_success", "a") })
		}
		wg.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("50 overlapping scrapes made %d runs, want 1", n)
		}
		s.Scrape(t.Context())
		if n := runs.Load(); n != 2 {
			t.Errorf("a later scrape made it %d runs, want 2", n)
		}
	})
}

func TestLeaderThatHangsUpDoesNotCancelItsFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		s := newScraper(t, definition("a", slow(&runs), plain))
		leader, hangUp := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { wantValue(t, s.Scrape(leader), 0, "dbsync_collector_success", "a") })
		synctest.Wait()
		wg.Go(func() { wantValue(t, s.Scrape(t.Context()), 1, "dbsync_collector_success", "a") })
		synctest.Wait()
		hangUp()
		wg.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs, want 1", n)
		}
	})
}

func TestScrapeAfterAnAbandonedRunGetsANewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		s := newScraper(t, definition("a", func(ctx context.Context, out *Sink) error {
			if runs.Add(1) == 1 {
				<-ctx.Done()
				time.Sleep(time.Second) // what a driver needs to close a connection
				return ctx.Err()
			}
			out.Emit(plain, 1)
			return nil
		}, plain))
		gone, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		wantValue(t, s.Scrape(gone), 0, "dbsync_collector_success", "a")
		wantValue(t, s.Scrape(t.Context()), 1, "test_plain")
	})
}

func TestHungCollectorIsNotStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		release := make(chan struct{})
		s := newScraper(t, definition("a", func(context.Context, *Sink) error {
			runs.Add(1)
			<-release
			return nil
		}, plain))
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			wantValue(t, s.Scrape(ctx), 0, "dbsync_collector_success", "a")
			cancel()
		}
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs pile up behind a hung one, want 1", n)
		}
		close(release)
		synctest.Wait()
	})
}

func TestCollectorKnowsHowLongItIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var patience time.Duration
		var bounded bool
		s := newScraper(t, definition("a", func(ctx context.Context, _ *Sink) error {
			patience, bounded = Patience(ctx)
			return nil
		}, plain))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if s.Scrape(ctx); !bounded || patience != time.Hour {
			t.Errorf("%v, %v", patience, bounded)
		}
		if s.Scrape(t.Context()); bounded {
			t.Error("a scrape without a deadline has one")
		}
	})
}
