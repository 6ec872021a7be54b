// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/hang"
)

const (
	// lookLimit is how long a look may take before its folder counts as hung.
	lookLimit = 30 * time.Second
	// staleLooks is how many looks in a row may fail to end before what is known is
	// too old to show.
	staleLooks = 3
	// firstLook is how long after its making a scrape waits for the first look.
	firstLook = time.Second
)

// watch follows one backup.
type watch struct {
	backup Backup
	method method
	source source
	runs   *job.Store // of restore tests; nil: there are none
	now    func() time.Time
	logger *slog.Logger
	guard  hang.Guard
	poke   chan struct{} // asks for a look before its time
	looked chan struct{} // tells that there may be something to be read

	reading readingProgress

	made  time.Time     // by the system's clock
	first chan struct{} // closed when the first look has ended
	mu    sync.Mutex
	state state
	told  map[Kind]string // the newest runs that were logged
}

// state is what a scrape shows of a backup.
type state struct {
	summaries []summary
	// restorable are the newest runs of which a restore can be made, the newest first,
	// and oldest is the oldest moment that one holds.
	restorable []Run
	oldest     time.Time
	stored     int64 // of all runs together
	space      space
	at         time.Time // when the newest look that succeeded ended; zero: none did
	err        error     // of the newest look
}

func newWatch(b Backup, m method, e *env) *watch {
	w := &watch{
		backup: b, method: m, runs: e.runs, now: e.target.Now, logger: e.target.Logger.With("backup", b.Name),
		made: time.Now(), first: make(chan struct{}), poke: make(chan struct{}, 1), looked: make(chan struct{}, 1),
		told: map[Kind]string{},
	}
	if b.inBucket() {
		w.method.every = max(w.method.every, bucketEvery)
	}
	w.source = w.method.open(b, e, &w.method)
	return w
}

// run looks until ctx ends, at once and then as often as the method says.
func (w *watch) run(ctx context.Context) {
	w.look(ctx)
	close(w.first)
	next := time.NewTimer(w.method.every)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		case <-w.poke:
		}
		w.look(ctx)
		next.Reset(w.method.every)
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.method.every / 10): // however often it is asked to
		}
	}
}

// look looks once. A look that fails leaves what is known.
func (w *watch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	h, err := hang.Do(ctx, &w.guard, func() (history, error) {
		if w.runs != nil && w.backup.RestoreTestInterval > 0 {
			_ = w.runs.Refresh(ctx) // its own collector tells what is wrong with it
		}
		return w.source.look(ctx)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state.err = err
	if err == nil {
		now := w.now()
		w.state = state{summaries: summarise(h, now), stored: h.stored(), space: h.space, at: now}
		w.state.restorable, w.state.oldest = restorable(h, w.method.kept)
		w.tell()
	}
	signal(w.looked)
}

// tell logs how the newest run ended, once, because no label says why. The caller
// holds the lock.
func (w *watch) tell() {
	for _, s := range w.state.summaries {
		r := s.ended
		if r == nil || w.told[s.kind] == r.ID+string(r.Status) {
			continue
		}
		log := w.logger.Info
		if r.Status != Success {
			log = w.logger.Warn
		}
		log("newest backup", "status", r.Status, "kind", r.Kind, "run", r.ID, "end", r.End, "evidence", r.Evidence)
		w.told[s.kind] = r.ID + string(r.Status)
	}
}

// signal wakes whoever waits, now or later; more than one signal is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// known returns the state. Right after the start it waits a moment for the first
// look, so that a restart makes no gap.
func (w *watch) known(ctx context.Context) state {
	wait := time.NewTimer(firstLook - time.Since(w.made))
	defer wait.Stop()
	select {
	case <-w.first:
	case <-wait.C:
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// collect shows the backup.
func (w *watch) collect(ctx context.Context, out *collector.Sink) {
	s := w.known(ctx)
	kinds := []Kind{Full}
	if len(s.summaries) > 0 {
		kinds = kinds[:0]
		for i := range s.summaries {
			kinds = append(kinds, s.summaries[i].kind)
		}
	}
	emitPromises(out, &w.backup, kinds)
	emitRestoreTest(out, &w.backup, w.runs)
	out.Source(ctx, w.backup.Name, func(_ context.Context, out *collector.Sink) error {
		if err := w.failure(s); err != nil {
			return err
		}
		for i := range s.summaries {
			emitSummary(out, &w.backup, &w.method, &s.summaries[i])
		}
		emitRepository(out, &w.backup, &s)
		if ratio, known := w.reading.ratio(); known {
			out.Emit(reading, ratio, w.backup.Name, w.backup.Method)
		}
		return nil
	})
}

// failure returns nil when the state is new enough to be shown.
func (w *watch) failure(s state) error {
	var skip *collector.SkipError
	switch age := w.now().Sub(s.at); {
	case s.at.IsZero() && s.err == nil:
		return errors.New("not looked at yet")
	case errors.As(s.err, &skip):
		return s.err
	case errors.Is(s.err, hang.ErrLeft), errors.Is(s.err, hang.ErrBusy), s.err == nil:
		// Slow is no failure yet, if it was not too long ago that it answered.
		switch limit := staleLooks * (w.method.every + lookLimit); {
		case s.at.IsZero():
			return s.err
		case age > limit:
			return errors.Join(fmt.Errorf("last seen %v ago", age.Round(time.Second)), s.err)
		}
		return nil
	}
	return s.err
}
