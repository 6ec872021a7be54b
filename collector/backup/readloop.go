// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/easy-erp/dbsync/internal/hang"
)

// stallLimit is how long nothing may come of a read before it counts as hung.
const stallLimit = time.Minute

var errStalled = errors.New("nothing could be read for a minute")

// read reads what looks leave unjudged, one file after the other, until ctx ends.
// turn is shared by all backups: who reads holds it.
func (w *watch) read(ctx context.Context, r reader, turn chan struct{}) {
	var guard hang.Guard
	for {
		more := false
		select {
		case <-ctx.Done():
			return
		case turn <- struct{}{}:
			more = w.readOne(ctx, r, &guard)
			<-turn
		}
		if more {
			signal(w.poke)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-w.looked:
		}
	}
}

// readOne reads one file and reports whether it is worth asking for another one
// at once. A read that hangs is left behind.
func (w *watch) readOne(ctx context.Context, r reader, guard *hang.Guard) bool {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(stallLimit, func() { cancel(errStalled) })
	defer stall.Stop()
	more, err := hang.Do(ctx, guard, func() (bool, error) {
		defer w.reading.end()
		return r.readNext(ctx, func(read, all int64) {
			stall.Reset(stallLimit)
			w.reading.at(read, all)
		})
	})
	switch {
	case err == nil:
		return more
	case errors.Is(err, hang.ErrBusy), ctx.Err() != nil && !errors.Is(context.Cause(ctx), errStalled):
	default:
		w.logger.Warn("backup could not be read", "err", err)
	}
	return more && ctx.Err() == nil
}

// readingProgress is how far the file that is being read has been read.
type readingProgress struct{ read, all atomic.Int64 }

func (p *readingProgress) at(read, all int64) {
	p.read.Store(read)
	p.all.Store(all)
}

func (p *readingProgress) end() { p.at(0, 0) }

func (p *readingProgress) ratio() (float64, bool) {
	read, all := p.read.Load(), p.all.Load()
	if all <= 0 {
		return 0, false
	}
	return min(1, float64(read)/float64(all)), true
}
