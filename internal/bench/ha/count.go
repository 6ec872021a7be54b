// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"slices"
	"time"
)

// outcome is one notification that a fault is to cause: a receiver told that it fires, or that it is over.
type outcome struct {
	fault            fault
	receiver, status string
	due              time.Time // when the fault began, or ended
	first            notice
	times            int
	again            []time.Time // when it came once more
}

// outcomes sorts the notices by what caused them.
func (found *result) outcomes() []outcome {
	var all []outcome
	for i, f := range found.faults {
		until := time.Time{}
		for _, next := range found.faults[i+1:] {
			if next.server == f.server {
				until = next.began
				break
			}
		}
		for _, receiver := range told {
			firing := outcome{fault: f, receiver: receiver, status: "firing", due: f.began}
			resolved := outcome{fault: f, receiver: receiver, status: "resolved", due: f.ended}
			for _, n := range found.notices {
				if n.server != f.server || n.receiver != receiver || n.at.Before(f.began) || !until.IsZero() && !n.at.Before(until) {
					continue
				}
				if n.status == "firing" {
					firing.add(n)
				} else {
					resolved.add(n)
				}
			}
			all = append(all, firing, resolved)
		}
	}
	return all
}

func (o *outcome) add(n notice) {
	if o.times++; o.times == 1 {
		o.first = n
		return
	}
	o.again = append(o.again, n.at)
}

// tally is what became of the notifications of one kind of injection, or of all.
type tally struct {
	spells, faults, expected, lost, twice, unseen int
	firing, delivery, whole                       []time.Duration // fault to firing, firing to delivery, fault to delivery
	resolving                                     []time.Duration // end of the fault to the notice of it
}

// kinds are the injections' kinds in order, each once; the first is none.
func (found *result) kinds() []string {
	all := []string{"nothing yet"}
	for _, s := range found.spells {
		if !slices.Contains(all, s.kind) {
			all = append(all, s.kind)
		}
	}
	return all
}

// kindAt is the kind of the last injection before a moment: it counts until the next one begins.
func (found *result) kindAt(t time.Time) string {
	kind := "nothing yet"
	for _, s := range found.spells {
		if s.began.After(t) {
			break
		}
		kind = s.kind
	}
	return kind
}

// tallies are those of each kind, and of all under the empty one.
func (found *result) tallies() map[string]*tally {
	by := map[string]*tally{"": {}}
	for _, kind := range found.kinds() {
		by[kind] = &tally{}
	}
	both := func(at time.Time, add func(*tally)) {
		add(by[""])
		add(by[found.kindAt(at)])
	}
	for _, s := range found.spells {
		both(s.began, func(t *tally) { t.spells++ })
	}
	for _, f := range found.faults {
		both(f.began, func(t *tally) { t.faults++ })
	}
	for _, at := range found.samples.both {
		both(at, func(t *tally) { t.unseen++ })
	}
	for _, o := range found.outcomes() {
		both(o.due, func(t *tally) { t.add(o) })
		for _, at := range o.again {
			both(at, func(t *tally) { t.twice++ })
		}
	}
	return by
}

func (t *tally) add(o outcome) {
	t.expected++
	switch {
	case o.times == 0:
		t.lost++
	case o.status == "firing":
		t.firing = append(t.firing, o.first.startsAt.Sub(o.due))
		t.delivery = append(t.delivery, o.first.at.Sub(o.first.startsAt))
		t.whole = append(t.whole, o.first.at.Sub(o.due))
	default:
		t.resolving = append(t.resolving, o.first.at.Sub(o.due))
	}
}
