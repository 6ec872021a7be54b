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

// TestBackgroundFailureIsTriedAgainSoon: a server that is down as the exporter starts
// is not unknown for a whole interval, and one that stays down is asked less and less.
func TestBackgroundFailureIsTriedAgainSoon(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []time.Duration // when it runs, after the start
	}{
		"failed":       {errors.New("broken"), []time.Duration{0, 6 * time.Minute, 18 * time.Minute, 42 * time.Minute, 90 * time.Minute, 150 * time.Minute}},
		"not reached":  {&ConnectError{Reason: Timeout, Err: errLate}, []time.Duration{0, 6 * time.Minute, 18 * time.Minute}},
		"late":         {errLate, []time.Duration{0, time.Hour, 2 * time.Hour}},
		"does not fit": {Skip(Unsupported, "too old"), []time.Duration{0, time.Hour, 2 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				runs := make(chan time.Duration, 100)
				d := definition("b", func(context.Context, *Sink) error {
					runs <- time.Since(begin)
					return c.err
				}, plain)
				d.Every = time.Hour
				s := newScraper(t, d)
				s.Start()
				defer stopped(t, s)
				for i, want := range c.want {
					spread := time.Duration(0)
					if c.want[1] == time.Hour && i > 0 { // of the first interval
						spread = d.Every / 10
					}
					if got := <-runs; got > want || got < want-spread {
						t.Errorf("run %d after %v, want %v", i, got, want)
					}
				}
			})
		})
	}
}

func TestRetryStaysWithinTheInterval(t *testing.T) {
	for every, want := range map[time.Duration][]time.Duration{
		10 * time.Second: {10 * time.Second, 10 * time.Second},
		time.Minute:      {15 * time.Second, 30 * time.Second, time.Minute, time.Minute},
		24 * time.Hour:   {144 * time.Minute, 288 * time.Minute},
	} {
		for i, w := range want {
			u := &unit{def: Definition{Every: every}, failures: i + 1}
			if got := u.retry(); got != w {
				t.Errorf("every %v, failure %d: %v, want %v", every, i+1, got, w)
			}
		}
	}
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
