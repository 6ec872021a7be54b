// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// plan is how much to break.
type plan struct {
	faults      int
	waits       waits
	every, down time.Duration   // between two faults, and how long each lasts
	hold, pause time.Duration   // how long a part of the path is away, and until the next one is
	only        map[string]bool // the kinds of injections; nil: all
}

const (
	servers = 60              // at most: each has come back and been told of before its next fault
	patient = 2 * time.Minute // until the last notices are there
	ready   = 2 * time.Minute // until all is up and scraped
)

// fault is a server that went down and came back.
type fault struct {
	server       string
	began, ended time.Time
}

// spell is the time from an injection to the next one.
type spell struct {
	injection
	began, undone time.Time
}

// result is what was done and seen.
type result struct {
	plan         plan
	faults       []fault
	spells       []spell
	notices      []notice
	looks        []look
	samples      samples
	began, ended time.Time
}

// measure runs the plan against the layout.
func measure(ctx context.Context, edition sandbox.Edition, p plan, progress io.Writer) (_ *result, err error) {
	f, err := newFleet(min(p.faults, servers))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	r, err := newReceiver()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	starting, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	l, err := start(starting, edition, p.waits, f, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.stop()) }()
	if err := l.settled(starting, len(f.names)); err != nil {
		return nil, err
	}
	found := &result{plan: p, began: time.Now()}
	if err := found.campaign(ctx, l, f, r, progress); err != nil {
		return nil, err
	}
	found.ended = time.Now()
	found.await(ctx, r)
	found.samples, err = l.samples(ctx, f.names, found.began, found.ended)
	return found, err
}

// campaign causes the faults while parts of the path come and go.
func (found *result) campaign(ctx context.Context, l *layout, f *fleet, r *receiver, progress io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	faulting, over := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() {
		if err := found.inject(faulting, l.injections(r), progress); err != nil {
			cancel(err)
		}
	})
	beside.Go(func() { found.watch(faulting, l, r) })
	found.cause(ctx, f)
	over()
	beside.Wait()
	return context.Cause(ctx)
}

// cause lets servers go down one after another, and come back.
func (found *result) cause(ctx context.Context, f *fleet) {
	found.faults = make([]fault, found.plan.faults)
	var down sync.WaitGroup
	for i := range found.faults {
		down.Go(func() {
			name := f.names[i%len(f.names)]
			f.set(name, true)
			one := fault{server: name, began: time.Now()}
			_ = sleep(ctx, found.plan.down)
			f.set(name, false)
			one.ended = time.Now()
			found.faults[i] = one
		})
		if sleep(ctx, found.plan.every) != nil {
			break
		}
	}
	down.Wait()
}

// inject breaks one part after another until ctx ends; whatever it broke it brings back.
func (found *result) inject(ctx context.Context, all []injection, progress io.Writer) error {
	var chosen []injection
	for _, one := range all {
		if found.plan.only == nil || found.plan.only[one.kind] {
			chosen = append(chosen, one)
		}
	}
	for i := 0; ; i++ {
		if sleep(ctx, found.plan.pause) != nil {
			return nil
		}
		one := chosen[i%len(chosen)]
		s := spell{injection: one, began: time.Now()}
		fmt.Fprintf(progress, "%s %s (%s)\n", s.began.Format(time.TimeOnly), one.kind, one.name)
		if err := one.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.kind, err)
		}
		long := found.plan.hold
		if one.brief > 0 {
			long = one.brief
		}
		_ = sleep(ctx, long)
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), ready)
		err := one.undo(bounded)
		cancel()
		if err != nil {
			return fmt.Errorf("%s, end of it: %w", one.kind, err)
		}
		s.undone = time.Now()
		found.spells = append(found.spells, s)
	}
}

// await waits until nothing is missing, or for long enough.
func (found *result) await(ctx context.Context, r *receiver) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	for {
		found.notices = r.all()
		lost := 0
		for _, o := range found.outcomes() {
			if o.times == 0 {
				lost++
			}
		}
		if lost == 0 || sleep(ctx, time.Second) != nil {
			break
		}
	}
	// What comes twice comes soon after.
	_ = sleep(context.WithoutCancel(ctx), 2*peerTimeout)
	found.notices = r.all()
}

// settled waits until the members know each other and every server has been scraped by both.
func (l *layout) settled(ctx context.Context, servers int) error {
	for {
		err := l.isSettled(ctx, servers)
		if err == nil {
			return nil
		}
		if sleep(ctx, time.Second) != nil {
			return fmt.Errorf("the layout has not settled: %w", err)
		}
	}
}

func (l *layout) isSettled(ctx context.Context, servers int) error {
	for _, member := range l.alertmanagers {
		var status struct {
			Cluster struct {
				Status string
				Peers  []any
			}
		}
		if err := get(ctx, member.URL()+"/api/v2/status", &status); err != nil {
			return err
		}
		if status.Cluster.Status != "ready" || len(status.Cluster.Peers) != members {
			return fmt.Errorf("%+v", status.Cluster)
		}
	}
	for i := range l.prometheus {
		if n, err := l.scraped(ctx, i); err != nil || n != servers {
			return fmt.Errorf("%d of %d servers scraped: %w", n, servers, err)
		}
	}
	return nil
}

func get(ctx context.Context, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
