// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"fmt"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	// reread is how often all rows are read although nothing seems to have
	// changed: Flyway's repair mends checksums in place.
	reread = time.Hour
	// maxRows bounds a history in memory.
	maxRows = 100_000
)

// history is what is remembered of a place between scrapes.
type history struct {
	place place

	probe probe
	rows  []revision
	read  time.Time // when all rows were read; zero: never
	facts facts

	against    *listing // the files that difference is about
	difference difference

	lock lockWatch
}

// update makes the rows and facts those of a probe. It is cheap when nothing
// changed.
func (h *history) update(ctx context.Context, server collector.Server, p probe, now time.Time) error {
	if !h.read.IsZero() && h.probe.sameRows(p) && now.Sub(h.read) < reread {
		return nil
	}
	if err := h.load(ctx, server, p, now); err != nil {
		h.read = time.Time{}
		return err
	}
	h.probe, h.facts, h.against = p, h.place.tool.read(p, h.rows), nil
	return nil
}

// load reads the new rows, or all of them where more than that changed.
func (h *history) load(ctx context.Context, server collector.Server, p probe, now time.Time) error {
	t := h.place.tool
	if t.rows == "" {
		h.read = now
		return nil
	}
	grew := h.probe.a.Valid && p.a.Int64 > h.probe.a.Int64 && h.probe.b == p.b && h.probe.c == p.c
	if grew && !h.read.IsZero() && now.Sub(h.read) < reread {
		rows, err := h.after(ctx, server, h.probe.a.Int64)
		h.rows = append(h.rows, rows...)
		return err
	}
	rows, err := h.after(ctx, server, -1)
	if err != nil {
		return err
	}
	h.rows, h.read = rows, now
	return nil
}

// after reads the rows whose order is above the given one.
func (h *history) after(ctx context.Context, server collector.Server, order int64) ([]revision, error) {
	var rows []revision
	statement := fmt.Sprintf("%s LIMIT %d", h.place.statement(h.place.tool.rows), maxRows+1)
	err := server.Query(ctx, func(row collector.Row) error {
		r, err := h.place.tool.scan(row)
		rows = append(rows, r)
		return err
	}, statement, order)
	if err == nil && len(rows) > maxRows {
		err = fmt.Errorf("more than %d rows: this is no history of migrations, or one to be cleaned up", maxRows)
	}
	return rows, err
}

// compare returns how the files of a listing differ from the history.
func (h *history) compare(l *listing) difference {
	if h.against != l {
		h.difference, h.against = h.place.tool.compare(h.facts, h.rows, l.files), l
	}
	return h.difference
}

// situation is what the table and the lock say together.
type situation struct {
	lockKnown, held bool
	failed          bool // of an unfinished migration
}

// judge tells a running migration from a failed one. A failure is a fact that
// wakes people, and the table and the lock cannot be read at the same moment:
// unfinished, then the lock free, then still unfinished in the same way is what
// no migration at work can show.
func (h *history) judge(ctx context.Context, server collector.Server) (situation, error) {
	name, known := h.place.lock()
	s := situation{lockKnown: known && !h.probe.readOnly, held: h.probe.holder.Valid}
	if !s.lockKnown || s.held || h.facts.unfinished == 0 {
		return s, nil
	}
	holder, err := lockHolder(ctx, server, name)
	if err != nil {
		return s, err
	}
	again, err := ask(ctx, server, []place{h.place})
	if err != nil {
		return s, err
	}
	s.failed = !holder.Valid && again[0].sameRows(h.probe)
	s.held = holder.Valid || again[0].holder.Valid
	if s.held {
		h.probe.holder = again[0].holder
	}
	return s, nil
}
