// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// maxQuiet bounds the tables of tools without a sign of life that one scrape asks:
// a hundred that were left behind must not cost it a hundred statements.
const maxQuiet = 10

// source is a table in which a tool writes signs of life, gh-ost's changelog or
// Spirit's checkpoint, and the change that they are about.
type source struct {
	work
	object
}

func (s source) String() string { return s.work.of.schema + "." + s.name }

// sign is what a source said. A state without seen is one that said nothing.
type sign struct {
	state
	alive bool
	asked time.Time
	err   error
}

// sources are those among what was found, each once.
func sources(found []object) []source {
	var all []source
	for _, o := range found {
		if o.kind == changelog && o.readable {
			all = append(all, source{work{o.of, ghost}, o})
		}
	}
	for w, o := range checkpoints(found) {
		all = append(all, source{w, o})
	}
	return all
}

// signs gives the changes that tools tell of themselves. Tools that are alive are
// asked on each scrape; of the others the youngest that were never asked and then
// those whose turn it is, and what they said before is given of the rest.
func (c *changes) signs(ctx context.Context, out *collector.Sink, found []object, size map[table]float64, now time.Time) {
	all, before := sources(found), c.last
	slices.SortFunc(all, func(a, b source) int {
		return cmp.Or(before[a.key()].asked.Compare(before[b.key()].asked), cmp.Compare(b.created.Float64, a.created.Float64),
			cmp.Compare(a.key(), b.key()))
	})
	c.last = make(map[string]sign, len(all))
	quiet := 0
	for _, s := range all {
		said := before[s.key()]
		if !said.alive {
			quiet++
		}
		out.Source(ctx, s.String(), func(ctx context.Context, out *collector.Sink) error {
			if said.alive || quiet <= maxQuiet {
				said = c.ask(ctx, s, now)
			}
			c.last[s.key()] = said
			if !said.alive {
				seen(out, s.work, said.state)
				return said.err
			}
			c.objects.alive(s.work, now)
			said.copies(s.work, found, size)
			emit(out, s.work, said.state, now)
			return said.err
		})
	}
}

// key tells apart changes that share a checkpoint.
func (s source) key() string { return s.String() + " " + s.work.of.name }

// ask reads one source. One that is gone says nothing: its tool has just ended.
func (c *changes) ask(ctx context.Context, s source, now time.Time) sign {
	ask := c.ghost
	if s.work.method == spirit {
		ask = c.spirit
	}
	state, alive, err := ask(ctx, s, now)
	if noSuchTable(err) {
		return sign{asked: now}
	}
	return sign{state: state, alive: alive && err == nil, asked: now, err: err}
}
