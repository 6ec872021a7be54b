// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackgroundWorkStandsAsideForScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := func(s *Scrapes, ctx context.Context) time.Duration {
			begin := time.Now()
			s.StandAside(ctx)
			return time.Since(begin)
		}
		var s Scrapes
		if d := waits(&s, t.Context()); d != 0 {
			t.Errorf("without a scrape: %v", d)
		}
		if d := waits(nil, t.Context()); d != 0 {
			t.Errorf("without scrapes at all: %v", d)
		}
		s.begin()
		s.begin()
		go func() {
			time.Sleep(10 * time.Millisecond)
			s.end()
			time.Sleep(10 * time.Millisecond)
			s.end()
		}()
		if d := waits(&s, t.Context()); d != 20*time.Millisecond {
			t.Errorf("two overlapping ones: %v, want until the last has ended", d)
		}
		s.begin()
		if d := waits(&s, t.Context()); d != patience {
			t.Errorf("one that hangs: %v, want %v", d, patience)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if d := waits(&s, ctx); d != time.Millisecond {
			t.Errorf("when it is to end: %v", d)
		}
	})
}
