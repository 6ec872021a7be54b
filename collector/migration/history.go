// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	// reread is how often all rows are read although nothing seems to have
	// changed: Flyway's repair mends checksums in place.
	reread = 10 * time.Minute
	// maxRows bounds a history in memory.
	maxRows = 100_000
)

// history is what is remembered of a place between looks.
type history struct {
	place    place
	question question
	latest   atomic.Pointer[reading] // nil: nobody has looked yet

	looking sync.Mutex // held by who looks, and changes what follows
	seen    answer     // the newest
	rows    []revision
	mark    rowsMark  // that of the rows
	read    time.Time // when all of them were read; zero: never
	facts   *facts
	lock    lockWatch
	failed  rowsMark // that of the rows when an unfinished migration had failed

	// Only who shows it uses these.
	against    comparison
	difference difference
}

// reading is what a look at a history found, immutable.
type reading struct {
	at        time.Time
	err       error
	size      int64 // rows of the history; 0 when not known
	facts     *facts
	situation situation
	since     time.Time // when the lock was taken, while it is held
}

// comparison is what a difference is between.
type comparison struct {
	files *listing
	facts *facts
}

func newHistory(p place) *history { return &history{place: p, question: p.question()} }

// update makes the rows and facts those of a probe. It costs nothing when nothing
// changed.
func (h *history) update(ctx context.Context, s session, m rowsMark, now time.Time) error {
	fresh := !h.read.IsZero() && now.Sub(h.read) < reread
	if fresh && m == h.mark {
		return nil
	}
	if err := h.load(ctx, s.Server, m, now, fresh); err != nil {
		h.read = time.Time{}
		return err
	}
	f := summarize(h.place.tool, h.rows)
	f.flavour = s.facts.Flavour
	h.mark, h.facts = m, &f
	return nil
}

// load reads the new rows, or all of them where more than that changed.
func (h *history) load(ctx context.Context, server collector.Server, m rowsMark, now time.Time, fresh bool) error {
	if fresh && m.top.Int64 > h.mark.top.Int64 && m.mark == h.mark.mark && h.mark.top.Valid {
		rows, err := h.after(ctx, server, h.mark.top)
		if err != nil {
			return err
		}
		if m.count.Int64-h.mark.count.Int64 == int64(len(rows)) {
			h.rows = append(h.rows, rows...)
			return nil
		}
	}
	rows, err := h.after(ctx, server, sql.NullInt64{})
	if err == nil {
		h.rows, h.read = rows, now
	}
	return err
}

// after reads the rows above an order, or all.
func (h *history) after(ctx context.Context, server collector.Server, order sql.NullInt64) ([]revision, error) {
	var args []any
	if order.Valid {
		args = append(args, order.Int64)
	}
	var rows []revision
	err := server.Query(ctx, func(row collector.Row) error {
		r, err := scan(row)
		rows = append(rows, r)
		return err
	}, h.place.statement(h.place.tool.rows.all("{table}", order.Valid)), args...)
	if err == nil && len(rows) > maxRows {
		err = fmt.Errorf("more than %d rows: this is no history of migrations, or one to be cleaned up", maxRows)
	}
	return rows, err
}

// compare returns how the files of a listing differ from the history.
func (h *history) compare(f *facts, l *listing) difference {
	if now := (comparison{l, f}); h.against != now {
		h.difference, h.against = h.place.tool.compare(*f, l.files), now
	}
	return h.difference
}

// take makes a reading of what a look has seen.
func (h *history) take(ctx context.Context, s session, now time.Time) *reading {
	r := &reading{at: now, err: h.seen.err, size: h.seen.rows.count.Int64}
	if r.err != nil {
		return r
	}
	if r.err = h.update(ctx, s, h.seen.rows, now); r.err == nil {
		r.situation, r.err = h.judge(ctx, s, h.seen.probe, now)
	}
	r.facts, r.since = h.facts, h.lock.since
	return r
}

// situation is what the table and the lock say together.
type situation struct {
	lockKnown, held bool
	failed          bool // of an unfinished migration
}

// judge tells a running migration from a failed one. A failure is a fact that
// wakes people, and the table and the lock cannot be read at the same moment:
// unfinished, then the lock free, then still unfinished in the same way is what
// no migration at work can show. What was failed and has not changed is failed.
func (h *history) judge(ctx context.Context, s session, p probe, now time.Time) (situation, error) {
	_, _, _, has := h.place.lock()
	result := situation{lockKnown: has && !p.readOnly}
	if !result.lockKnown {
		return result, nil
	}
	held, err := h.held(ctx, s, p, now)
	if err != nil || held || h.facts.states[unfinished] == 0 {
		result.held = held
		return result, err
	}
	if h.failed == h.mark {
		result.failed = true
		return result, nil
	}
	for range 2 {
		again, err := ask(ctx, s.Server, []*history{h})
		if err != nil {
			return result, err
		}
		if held, err = h.held(ctx, s, again[0], now); err != nil || held || again[0].rows != h.mark {
			result.held = held
			return result, err
		}
	}
	h.failed, result.failed = h.mark, true
	return result, nil
}

// held reports whether the tool is at work on this history. Where all schemas
// have the same lock it may be at work on another.
func (h *history) held(ctx context.Context, s session, p probe, now time.Time) (bool, error) {
	if err := h.lock.see(ctx, s, h.place.tool.lock, p, now); err != nil {
		return false, err
	}
	elsewhere := h.place.tool.lock.shared && h.lock.schema != "" && h.lock.schema != h.place.schema
	return p.holder.Valid && !elsewhere, nil
}
