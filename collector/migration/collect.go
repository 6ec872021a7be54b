// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"errors"

	"github.com/easy-erp/dbsync/collector"
)

// histories is the collector of all histories of a target.
type histories struct {
	catalog *catalog
	folders map[*History]*directory
	target  *collector.Target
	known   map[place]*history
}

// Collect looks at all histories at once and then goes through them.
func (c *histories) Collect(ctx context.Context, out *collector.Sink) error {
	facts, err := c.target.Server.Facts(ctx)
	if err != nil {
		return err
	}
	places, err := c.catalog.known(ctx, c.target.Server)
	if err != nil {
		return err
	}
	var visible []*history
	kept := make(map[place]*history, len(places))
	for _, p := range places {
		if p.configured != nil {
			c.promise(ctx, out, p)
		}
		if p.visible && p.problem == "" {
			if kept[p] = c.known[p]; kept[p] == nil {
				kept[p] = newHistory(p)
			}
			visible = append(visible, kept[p])
		}
	}
	c.known = kept
	s := session{c.target.Server, facts}
	look(ctx, c.target.Server, visible)
	for _, h := range visible {
		if gone(h.seen.err) {
			c.catalog.forget()
			continue
		}
		out.Source(ctx, h.place.source(), func(ctx context.Context, out *collector.Sink) error {
			return c.read(ctx, s, out, h)
		})
	}
	return nil
}

// promise gives what the configuration says of a history, and whether it is
// there at all.
func (c *histories) promise(ctx context.Context, out *collector.Sink, p place) {
	if p.configured.MaxDuration > 0 {
		out.Emit(maxDuration, p.configured.MaxDuration.Seconds(), p.labels()...)
	}
	switch {
	case p.problem != "":
		out.Source(ctx, p.source(), func(context.Context, *collector.Sink) error { return errors.New(p.problem) })
	case !p.visible:
		out.Emit(historyVisible, 0, p.labels()...)
	}
}

// read gives the series of one history.
func (c *histories) read(ctx context.Context, s session, out *collector.Sink, h *history) error {
	if h.seen.err != nil {
		return h.seen.err
	}
	now := c.target.Now()
	if err := h.update(ctx, s.Server, h.seen.rows, now); err != nil {
		return err
	}
	situation, err := h.judge(ctx, s, h.seen.probe, now)
	if err != nil {
		return err
	}
	out.Emit(historyVisible, 1, h.place.labels()...)
	emit(out, h, situation, now)
	if d := c.folders[h.place.configured]; d != nil {
		emitDifference(out, h, d.newest.Load())
	}
	return nil
}
