// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"
	"math"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// lull is how long pt-online-schema-change may be between two copying statements
// that a scrape saw.
const lull = time.Minute

// changes is the collector of what runs.
type changes struct {
	objects *objects
	target  *collector.Target
	started map[session]time.Time
	last    map[string]sign // by source, what a tool's own table said when it was asked last
}

// state is how far a change is. What is unknown is NaN.
type state struct {
	started           time.Time
	ratio             float64
	copied, estimated float64
	throttled         float64
	seen              time.Time // the newest sign of life
}

func unknown(started time.Time) state {
	nan := math.NaN()
	return state{started: started, ratio: nan, copied: nan, estimated: nan, throttled: nan}
}

func (c *changes) Collect(ctx context.Context, out *collector.Sink) error {
	facts, err := c.target.Server.Facts(ctx)
	if err != nil {
		return err
	}
	now := c.target.Now()
	out.Source(ctx, "threads", func(ctx context.Context, out *collector.Sink) error {
		running, err := c.threads(ctx, facts, now)
		for w, s := range running {
			emit(out, w, s, now)
		}
		return err
	})
	c.tools(ctx, out, now)
	return nil
}

// tools gives the changes of the tools that are alive.
func (c *changes) tools(ctx context.Context, out *collector.Sink, now time.Time) {
	found, size := c.objects.known()
	c.signs(ctx, out, found, size, now)
	for _, h := range c.objects.written() {
		out.Source(ctx, h.of.schema+"."+h.name, func(ctx context.Context, out *collector.Sink) error {
			return c.jobs(ctx, out, h, now)
		})
	}
	for _, w := range c.objects.within(ptOSC, now, lull) {
		s := unknown(time.Time{})
		s.seen = c.objects.sign(w)
		if s.copies(w, found, size); !s.started.IsZero() {
			emit(out, w, s, now)
		}
	}
}

// copies adds what the tables of a tool tell: when its new one was made, and the
// rows of both.
func (s *state) copies(w work, found []object, size map[table]float64) {
	for _, o := range found {
		if o.of == w.of && o.method == w.method && o.kind == newTable && o.rows.Valid && size[w.of] > 0 {
			s.started = time.Unix(int64(o.created.Float64), 0)
			s.copied, s.estimated = o.rows.Float64, size[w.of]
			s.ratio = s.copied / s.estimated
		}
	}
}

func emit(out *collector.Sink, w work, s state, now time.Time) {
	known := func(f *collector.Family, value float64) {
		if !math.IsNaN(value) {
			out.Emit(f, value, w.of.schema, w.of.name, w.method)
		}
	}
	known(running, 1)
	ratio := s.ratio
	if ratio > 1 {
		ratio = 1
	}
	known(progressRatio, ratio)
	if !s.started.IsZero() {
		known(startTime, float64(s.started.UnixMilli())/1000)
		if ratio > 0 {
			known(eta, now.Sub(s.started).Seconds()*(1-ratio)/ratio)
		}
	}
	known(rowsCopied, s.copied)
	known(rowsEstimated, s.estimated)
	known(throttled, s.throttled)
	seen(out, w, s)
}

// seen gives the newest sign of life, which a change that died has, too.
func seen(out *collector.Sink, w work, s state) {
	if !s.seen.IsZero() {
		out.Emit(lastActivity, float64(s.seen.UnixMilli())/1000, w.of.schema, w.of.name, w.method)
	}
}
