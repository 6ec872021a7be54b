// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
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
		return r.readNext(ctx, func(int64) { stall.Reset(stallLimit) })
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
