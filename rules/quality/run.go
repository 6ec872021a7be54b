// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
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
	others    map[string][]byte // rules to compare with
}

// result is the score of the shipped rules, and those of all packs by name where
// they watch the same, however late they are.
type result struct {
	*score.Score
	packs map[string]*score.Score
}

// ours is the name of the shipped rules among the packs.
const ours = "dbsync"

// batch is instances that live at the same time, in one Prometheus.
type batch []*world.Instance

// batches makes the instances up.
func (p plan) batches() []batch {
	random := rand.New(rand.NewPCG(p.seed, 1))
	together := map[moment]batch{}
	seed := p.seed * 1_000_000
	for _, kind := range p.kinds {
		for _, fault := range world.Faults(kind) {
			for n := range p.incidents {
				seed++
				shape := world.Shapes[n%len(world.Shapes)]
				from := world.Moment(random, shape)
				at := moment{from, kind}
				together[at] = append(together[at], world.Broken(kind, fault, shape, seed, from))
			}
		}
	}
	for n := range p.healthy {
		seed++
		shape := []string{"", "", "", "midnight", "month end", "clock change"}[n/len(p.kinds)%6]
		from := world.Moment(random, shape)
		kind := p.kinds[n%len(p.kinds)]
		at, length := moment{from, kind}, p.stretch
		if world.Slow(kind) {
			length *= slower
		}
		together[at] = append(together[at], world.Healthy(kind, seed, world.Span{From: from, To: from.Add(length)}))
	}
	return p.pack(together)
}

// moment is what instances must have in common to be replayed side by side.
type moment struct {
	from time.Time
	kind string
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
func (p plan) run(files map[string][]byte, progress func(done, all int)) (result, error) {
	total := p.empty()
	byKind := map[string]map[string][]byte{}
	for _, kind := range p.kinds {
		all := maps.Clone(files)
		maps.Copy(all, p.others)
		var err error
		if byKind[kind], err = needed(all, world.Metrics(kind)); err != nil {
			return total, err
		}
	}
	all := p.batches()
	work := make(chan batch)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	done := 0
	for range p.workers {
		wg.Go(func() {
			for b := range work {
				r := p.empty()
				err := b.replay(byKind[b[0].Kind], r)
				mu.Lock()
				if err != nil {
					errs = append(errs, err)
				} else {
					total.Merge(r.Score)
					for name, s := range r.packs {
						total.packs[name].Merge(s)
					}
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

// empty is a result of nothing, with a score for each pack.
func (p plan) empty() result {
	r := result{score.New(), map[string]*score.Score{}}
	all := map[string]bool{}
	for _, text := range p.others {
		name, covers := pack(text)
		r.packs[name] = score.Comparing(covers)
		maps.Copy(all, covers)
	}
	if len(all) > 0 {
		r.packs[ours] = score.Comparing(all)
	}
	return r
}

// replay runs the rules over a batch and adds to the result.
func (b batch) replay(files map[string][]byte, to result) (err error) {
	r, err := replay.New(files)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	begin, end := b[0].From, b[0].To
	for _, i := range b {
		if i.From.Before(begin) {
			begin = i.From
		}
		if i.To.After(end) {
			end = i.To
		}
	}
	for now := begin; now.Before(end); now = now.Add(b[0].Tick) {
		var samples []replay.Sample
		for _, i := range b {
			samples = append(samples, i.Step(now)...)
		}
		if err := r.Append(samples); err != nil {
			return err
		}
		if err := r.Evaluate(now.Add(time.Second)); err != nil {
			return fmt.Errorf("at %s: %w", now, err)
		}
	}
	firings := map[string]map[string][]replay.Firing{} // by pack and instance
	for _, f := range r.Firings() {
		pack := f.Labels.Get("pack")
		if pack == "" {
			pack = ours
		}
		name, _, _ := strings.Cut(f.Labels.Get("instance"), world.PeerMark)
		if firings[pack] == nil {
			firings[pack] = map[string][]replay.Firing{}
		}
		firings[pack][name] = append(firings[pack][name], f)
	}
	for _, i := range b {
		to.Add(i, firings[ours][i.Name])
		for name, s := range to.packs {
			s.Add(i, firings[name][i.Name])
		}
	}
	return nil
}
