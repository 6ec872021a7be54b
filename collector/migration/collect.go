// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// histories is the collector of all histories of a target.
type histories struct {
	catalog *catalog
	folders map[*History]*directory
	target  *collector.Target
	known   map[place]*history
	behind  behind
}

// Collect looks at the histories that a scrape has the time for, and shows all.
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
	c.behind.look(ctx, session{c.target.Server, facts}, visible, c.target.Now)
	now := c.target.Now()
	for _, h := range visible {
		r := h.latest.Load()
		switch {
		case r == nil: // one of many, whose turn comes before the next scrape
		case gone(r.err):
			c.catalog.forget()
		default:
			out.Source(ctx, h.place.source(), func(_ context.Context, out *collector.Sink) error {
				return c.show(out, h, r, now)
			})
		}
	}
	return nil
}

// Run looks at the histories that scrapes have no time for.
func (c *histories) Run(ctx context.Context) {
	c.behind.run(ctx, c.target.Server.Background(), c.target.Now)
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

// show gives the series of one history.
func (c *histories) show(out *collector.Sink, h *history, r *reading, now time.Time) error {
	if r.err != nil {
		return r.err
	}
	if age := now.Sub(r.at); age > stale {
		return fmt.Errorf("nobody could look at the history for %s: the server is slow, or has too many", age.Round(time.Second))
	}
	out.Emit(historyVisible, 1, h.place.labels()...)
	emit(out, h.place, r, now)
	if d := c.folders[h.place.configured]; d != nil {
		emitDifference(out, h, r.facts, d.newest.Load())
	}
	return nil
}
