// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/rules/quality/replay"
	"github.com/easy-erp/dbsync/rules/quality/score"
	"github.com/easy-erp/dbsync/rules/quality/world"
)

// plan says how much is replayed.
type plan struct {
	seed      uint64
	incidents int // of each fault
	healthy   int // stretches
	stretch   time.Duration
	batch     int // instances side by side
	workers   int
	kinds     []string
}

// batch is instances that live at the same time, in one Prometheus.
type batch []*world.Instance

// batches makes the instances up.
func (p plan) batches() []batch {
	random := rand.New(rand.NewPCG(p.seed, 1)) //nolint:gosec // to be repeated
	together := map[moment]batch{}
	seed := p.seed * 1_000_000
	for _, kind := range p.kinds {
		for _, fault := range world.Faults(kind) {
			for n := range p.incidents {
				seed++
				shape := world.Shapes[n%len(world.Shapes)]
				from := world.Moment(random, shape)
				at := moment{from, world.Slow(kind)}
				together[at] = append(together[at], world.Broken(kind, fault, shape, seed, from))
			}
		}
	}
	for n := range p.healthy {
		seed++
		shape := []string{"", "", "", "midnight", "month end", "clock change"}[n%6]
		from := world.Moment(random, shape)
		kind := p.kinds[n/6%len(p.kinds)]
		at, length := moment{from, world.Slow(kind)}, p.stretch
		if at.slow {
			length *= slower
		}
		together[at] = append(together[at], world.Healthy(kind, seed, world.Span{From: from, To: from.Add(length)}))
	}
	return p.pack(together)
}

// moment is what instances must have in common to be replayed side by side.
type moment struct {
	from time.Time
	slow bool
}

// slower is how much longer a healthy stretch is of what takes hours.
const slower = 6

// pack makes batches of about the same size. Those of one batch begin together:
// what lies before the first of them is not replayed.
func (p plan) pack(together map[moment]batch) []batch {
	var all []batch
	for _, instances := range together {
		for len(instances) > 0 {
			n := min(p.batch, len(instances))
			all = append(all, instances[:n])
			instances = instances[n:]
		}
	}
	return all
}

// run replays everything and scores it. progress is told of each batch.
func (p plan) run(files map[string][]byte, progress func(done, all int)) (*score.Score, error) {
	files, err := needed(files)
	if err != nil {
		return nil, err
	}
	all := p.batches()
	work := make(chan batch)
	total := score.New()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	done := 0
	for range p.workers {
		wg.Go(func() {
			for b := range work {
				s, err := b.replay(files)
				mu.Lock()
				if err != nil {
					errs = append(errs, err)
				} else {
					total.Merge(s)
				}
				done++
				progress(done, len(all))
				mu.Unlock()
			}
		})
	}
	for _, b := range all {
		work <- b
	}
	close(work)
	wg.Wait()
	return total, errors.Join(errs...)
}

// replay runs the rules over a batch.
func (b batch) replay(files map[string][]byte) (s *score.Score, err error) {
	r, err := replay.New(files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	from, to := b[0].From, b[0].To
	for _, i := range b {
		if i.From.Before(from) {
			from = i.From
		}
		if i.To.After(to) {
			to = i.To
		}
	}
	for now := from; now.Before(to); now = now.Add(b[0].Tick) {
		var samples []replay.Sample
		for _, i := range b {
			samples = append(samples, i.Step(now)...)
		}
		if err := r.Append(samples); err != nil {
			return nil, err
		}
		if err := r.Evaluate(now.Add(time.Second)); err != nil {
			return nil, fmt.Errorf("at %s: %w", now, err)
		}
	}
	s = score.New()
	firings := map[string][]replay.Firing{}
	for _, f := range r.Firings() {
		name, _, _ := strings.Cut(f.Labels.Get("instance"), world.PeerMark)
		firings[name] = append(firings[name], f)
	}
	for _, i := range b {
		s.Add(i, firings[i.Name])
	}
	return s, nil
}
