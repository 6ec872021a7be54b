// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// injection is one thing that breaks in the path, and how it comes back.
type injection struct {
	kind     string // what a table calls it and its likes
	name     string
	do, undo func(context.Context) error
	brief    time.Duration // how long it lasts; 0: as the others
}

// injections are everything that the layout promises to survive, one at a time.
func (l *layout) injections(r *receiver) []injection {
	var all []injection
	for i := range members {
		s := l.alertmanagers[i]
		name := fmt.Sprint("Alertmanager ", i+1)
		all = append(all,
			injection{kind: "an Alertmanager is killed", name: name, do: plain(func() error { return kill(s) }),
				undo: func(ctx context.Context) error { return l.revive(ctx, i) }},
			injection{kind: "an Alertmanager is frozen", name: name, do: plain(s.Freeze), undo: plain(s.Thaw)})
		if i < prometheuses {
			s, name := l.prometheus[i], "Prometheus "+string(rune('a'+i))
			all = append(all,
				injection{kind: "a Prometheus is killed", name: name, do: plain(func() error { return kill(s) }),
					undo: func(ctx context.Context) error { return s.Restart(ctx) }},
				injection{kind: "a Prometheus is frozen", name: name, do: plain(s.Freeze), undo: plain(s.Thaw)})
		}
		j := (i + 1) % members
		all = append(all, injection{kind: "two Alertmanagers do not reach each other", name: fmt.Sprintf("%d and %d", i+1, j+1),
			do: does(func() { l.gossip.set(i, j, true) }), undo: does(func() { l.gossip.set(i, j, false) })})
		if i < len(told) {
			all = append(all, l.ofReceiver(r, told[i])...)
		}
		for p := range prometheuses {
			how := []state{refused, silent}[(i+p)%2]
			one, kind := l.handing[p][i], map[state]string{
				refused: "Prometheus to Alertmanager: refused", silent: "Prometheus to Alertmanager: silent",
			}[how]
			all = append(all, injection{kind: kind, name: fmt.Sprintf("%c to %d", 'a'+p, i+1),
				do: does(func() { one.set(how) }), undo: does(func() { one.set(whole) })})
		}
	}
	return all
}

// ofReceiver is what a receiver may do. What lasts less than the peer timeout is over before the next member would try.
func (l *layout) ofReceiver(r *receiver, name string) []injection {
	to, brief := l.telling[name], peerTimeout*2/3
	return []injection{
		{kind: "a receiver refuses, briefly", name: name, brief: brief,
			do: does(func() { to.set(refused) }), undo: does(func() { to.set(whole) })},
		{kind: "a receiver answers 503, briefly", name: name, brief: brief,
			do: does(func() { r.set(name, true, 0) }), undo: does(func() { r.set(name, false, 0) })},
		{kind: "a receiver answers late", name: name,
			do: does(func() { r.set(name, false, brief) }), undo: does(func() { r.set(name, false, 0) })},
		{kind: "a receiver answers 503, long", name: name,
			do: does(func() { r.set(name, true, 0) }), undo: does(func() { r.set(name, false, 0) })},
		{kind: "the line to a receiver is cut, long", name: name,
			do: does(func() { to.set(silent) }), undo: does(func() { to.set(whole) })},
	}
}

func plain(f func() error) func(context.Context) error {
	return func(context.Context) error { return f() }
}

func does(f func()) func(context.Context) error {
	return func(context.Context) error { f(); return nil }
}
