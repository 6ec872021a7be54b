// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/easy-erp/dbsync/collector"
)

var (
	errHung = errors.New("left behind: the read did not return in time")
	errBusy = errors.New("not read: an earlier read has not returned yet")
)

// Collect reads all sources at once and waits for them, but not longer than the
// timeout: what has not returned by then is left behind, and skipped until it
// has.
func (h *host) Collect(ctx context.Context, out *collector.Sink) error {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	done := make(chan *source, len(h.sources)) // room for all: nobody waits for those left behind
	waiting := make(map[*source]bool, len(h.sources))
	for _, s := range h.sources {
		if !s.busy.CompareAndSwap(false, true) {
			fail(ctx, out, s, errBusy)
			continue
		}
		waiting[s] = true
		go s.run(ctx, out, done)
	}
	for len(waiting) > 0 {
		select {
		case s := <-done:
			delete(waiting, s)
		case <-ctx.Done():
			for s := range waiting {
				fail(ctx, out, s, fmt.Errorf("%w (%w)", errHung, context.Cause(ctx)))
			}
			return nil
		}
	}
	return nil
}

// run reads the source. When it was left behind, the sink belongs to a run that
// is over and takes nothing more.
func (s *source) run(ctx context.Context, out *collector.Sink, done chan<- *source) {
	out.Source(ctx, s.name, s.collect)
	s.busy.Store(false)
	done <- s
}

func fail(ctx context.Context, out *collector.Sink, s *source, err error) {
	out.Source(ctx, s.name, func(context.Context, *collector.Sink) error { return err })
}
