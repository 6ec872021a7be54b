// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// background returns a collector that gives its number of runs, and fails while
// broken is set.
func background(broken *atomic.Bool) Definition {
	var runs atomic.Int32
	d := definition("b", func(_ context.Context, out *Sink) error {
		if broken.Load() {
			return errors.New("broken")
		}
		out.Emit(plain, float64(runs.Add(1)))
		return nil
	}, plain)
	d.Every = time.Minute
	return d
}

func stopped(t *testing.T, s *Scraper) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestBackgroundSnapshotOutlivesFailuresAndShowsItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		s := newScraper(t, background(&broken))
		wantAbsent(t, s.Scrape(t.Context()), "dbsync_collector_success", "b")
		s.Start()
		defer stopped(t, s)
		synctest.Wait()
		first := s.Scrape(t.Context())
		wantValue(t, first, 1, "test_plain")
		read, _ := value(first, "dbsync_collector_snapshot_timestamp_seconds", "b")

		broken.Store(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		later := s.Scrape(t.Context())
		wantValue(t, later, 1, "test_plain")
		wantValue(t, later, 0, "dbsync_collector_success", "b")
		wantValue(t, later, read, "dbsync_collector_snapshot_timestamp_seconds", "b")
		wantValue(t, later, 60, "dbsync_collector_snapshot_interval_seconds", "b")

		broken.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantValue(t, s.Scrape(t.Context()), 2, "test_plain")
	})
}

func TestAdoptedSnapshotBridgesAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		old := newScraper(t, background(&broken))
		old.Start()
		synctest.Wait()
		stopped(t, old)
		successor := newScraper(t, background(&broken))
		successor.Adopt(old)
		wantValue(t, successor.Scrape(t.Context()), 1, "test_plain")
	})
}

func TestStopGivesUpOnAHungCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := definition("b", func(context.Context, *Sink) error { <-release; return nil }, plain)
		d.Every = time.Minute
		s := newScraper(t, d)
		s.Start()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stop = %v, want the deadline", err)
		}
		close(release)
		synctest.Wait()
	})
}

// worker is a Runner that counts what it has done in rounds of a minute.
type worker struct {
	Func
	rounds *atomic.Int32
}

func (w worker) Run(ctx context.Context) {
	for {
		if w.rounds.Add(1) == 3 {
			panic("third round")
		}
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
			return
		}
	}
}

func TestRunnerWorksBesideScrapesAndItsPanicIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rounds atomic.Int32
		d := definition("w", nil, plain)
		d.New = func(*Target) Collector {
			return worker{func(_ context.Context, out *Sink) error {
				out.Emit(plain, float64(rounds.Load()))
				return nil
			}, &rounds}
		}
		s := newScraper(t, d)
		wantValue(t, s.Scrape(t.Context()), 0, "test_plain") // nothing begins before Start
		s.Start()
		defer stopped(t, s)
		time.Sleep(90 * time.Second)
		wantValue(t, s.Scrape(t.Context()), 2, "test_plain")
		wantValue(t, s.Scrape(t.Context()), 0, "dbsync_collector_panics_total", "w")
		time.Sleep(time.Minute)
		synctest.Wait()
		wantValue(t, s.Scrape(t.Context()), 1, "dbsync_collector_panics_total", "w")
	})
}

func TestTargetsStartOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		s := newScraper(t, background(&broken))
		s.StartAfter(time.Minute)
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		wantAbsent(t, s.Scrape(t.Context()), "test_plain")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantValue(t, s.Scrape(t.Context()), 1, "test_plain")
		stopped(t, s)
		s = newScraper(t, background(&broken))
		s.StartAfter(time.Hour) // and may be stopped before
		stopped(t, s)
	})
}
