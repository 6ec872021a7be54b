// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"
	"fmt"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// histories is the collector of all histories of a target.
type histories struct {
	shared *shared
	target *collector.Target
	known  map[place]*history
	alone  map[place]bool // failed last time, and would fail the others
}

// Collect looks at all histories at once and then goes through them.
func (c *histories) Collect(ctx context.Context, out *collector.Sink) error {
	facts, err := c.target.Server.Facts(ctx)
	if err != nil {
		return err
	}
	places, err := c.shared.places(ctx, c.target)
	if err != nil {
		return err
	}
	seen := look(ctx, c.target.Server, places, c.alone)
	kept := make(map[place]*history, len(places))
	c.alone = map[place]bool{}
	for _, p := range places {
		h := c.known[p]
		if h == nil {
			h = &history{place: p}
		}
		kept[p] = h
		c.alone[p] = seen[p].err != nil
		out.Source(ctx, p.source(), func(ctx context.Context, out *collector.Sink) error {
			return c.collect(ctx, out, h, seen[p], facts.Flavour)
		})
	}
	c.known = kept
	return nil
}

// collect gives the series of one history.
func (c *histories) collect(
	ctx context.Context, out *collector.Sink, h *history, seen look1, flavour collector.Flavour,
) error {
	p := h.place
	if p.configured != nil && p.configured.MaxDuration > 0 {
		out.Emit(maxDuration, p.configured.MaxDuration.Seconds(), p.labels()...)
	}
	if seen.err != nil {
		return unseen(out, p, seen.err)
	}
	now := c.target.Now()
	if err := h.update(ctx, c.target.Server, seen.probe, now); err != nil {
		return err
	}
	h.probe.holder, h.probe.readOnly = seen.probe.holder, seen.probe.readOnly
	s, err := h.judge(ctx, c.target.Server)
	if err != nil {
		return err
	}
	h.lock.see(ctx, c.target.Server, flavour, h.probe.holder, now)
	out.Emit(historyVisible, 1, p.labels()...)
	emit(out, h, s, now)
	if d := c.shared.directories[p]; d != nil {
		emitDifference(out, h, d)
	}
	return nil
}

// unseen is what is said of a history that could not be read. One that is
// configured and not to be seen is a fact; a discovered one was dropped since.
func unseen(out *collector.Sink, p place, err error) error {
	switch {
	case errorNumber(err) == errUnknownColumn:
		return fmt.Errorf("%s is no history of %s, which has the columns %s: correct its tool in migrations.histories: %w",
			p.source(), p.tool.name, strings.Join(p.tool.columns, ", "), err)
	case !invisible(err):
		return err
	case p.configured == nil && errorNumber(err) != errTableDenied:
		return collector.Skip(collector.Unconfigured, "the table is gone: %v", err)
	}
	out.Emit(historyVisible, 0, p.labels()...)
	return nil
}
