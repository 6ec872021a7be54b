// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/easy-erp/dbsync/collector"
)

// source is the server of a target, for the collectors of one that replicates from it.
// They share its connections, and follow it when a reload has made it anew.
type source struct {
	targets    *atomic.Pointer[generation]
	name       string
	background bool
}

// use gives the server away for as long as f runs.
func (s source) use(f func(collector.Server) error) error {
	var t *target
	if g := s.targets.Load(); g != nil {
		t = g.target(s.name)
	}
	if t == nil || t.server == nil || !t.enter() {
		return fmt.Errorf("target %s is being replaced", s.name)
	}
	defer t.leave()
	if s.background {
		return f(t.server.Background())
	}
	return f(t.server)
}

func (s source) Facts(ctx context.Context) (facts collector.Facts, err error) {
	err = s.use(func(server collector.Server) error {
		facts, err = server.Facts(ctx)
		return err
	})
	return facts, err
}

func (s source) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	return s.use(func(server collector.Server) error { return server.Query(ctx, scan, query, args...) })
}

func (s source) Ping(ctx context.Context) error {
	return s.use(func(server collector.Server) error { return server.Ping(ctx) })
}

func (s source) Background() collector.Server {
	s.background = true
	return s
}
