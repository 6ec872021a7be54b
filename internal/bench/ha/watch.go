// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// look is which parts answered and which links were whole in one second.
type look struct {
	prometheus, alertmanagers []bool
	handing                   bool // some Prometheus that is up reaches some Alertmanager that is up
	receivers                 []bool
}

// watch looks every second.
func (found *result) watch(ctx context.Context, l *layout, r *receiver) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if one := l.look(ctx, r); ctx.Err() == nil {
				found.looks = append(found.looks, one)
			}
		}
	}
}

func (l *layout) look(ctx context.Context, r *receiver) look {
	services := slices.Concat(l.prometheus, l.alertmanagers)
	up := make([]bool, len(services))
	var all sync.WaitGroup
	for i, s := range services {
		all.Go(func() { up[i] = answers(ctx, s) })
	}
	all.Wait()
	one := look{prometheus: up[:prometheuses], alertmanagers: up[prometheuses:]}
	for i := range prometheuses {
		for j := range members {
			if one.prometheus[i] && one.alertmanagers[j] && l.handing[i][j].is(whole) {
				one.handing = true
			}
		}
	}
	for _, name := range told {
		one.receivers = append(one.receivers, l.telling[name].is(whole) && !r.fails(name))
	}
	return one
}

func answers(ctx context.Context, s *sandbox.Service) bool {
	ctx, cancel := context.WithTimeout(ctx, 900*time.Millisecond)
	defer cancel()
	return get(ctx, s.URL()+"/-/ready", nil) == nil
}

// share is how often something held, of all looks.
func (found *result) share(holds func(look) bool) float64 {
	n := 0
	for _, one := range found.looks {
		if holds(one) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(found.looks)))
}
