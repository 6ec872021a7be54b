// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/mysqld"
)

// target is a server, or the host alone, with its collectors. Whoever scrapes it
// enters first and leaves afterwards: it is closed when nobody is inside.
type target struct {
	plan    plan
	server  Server // nil: the host alone
	scraper *collector.Scraper

	mu     sync.Mutex
	users  int
	closed bool          // nobody may enter any more
	empty  chan struct{} // closed when closed and the last one has left
}

// newTarget builds what is planned. Nothing is dialled and nothing runs yet.
func (e *Exporter) newTarget(p plan, runs *job.Store) (*target, error) {
	t := &target{plan: p, empty: make(chan struct{})}
	var server collector.Server
	if p.target.Address != "" {
		connected, err := e.options.Connect(e.serverOptions(p))
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", p.target.Name, err)
		}
		t.server, server = connected, connected
	}
	var err error
	if t.scraper, err = e.newScraper(p, server, runs); err != nil {
		return nil, errors.Join(fmt.Errorf("target %s: %w", p.target.Name, err), t.closeServer())
	}
	return t, nil
}

func (e *Exporter) newScraper(p plan, server collector.Server, runs *job.Store) (*collector.Scraper, error) {
	all := e.options.definitions(p, server, runs)
	defs, err := collector.Select(all, p.applicable(all), p.noDefaults)
	if err != nil {
		return nil, err
	}
	if p.visitor {
		defs = slices.DeleteFunc(defs, func(d collector.Definition) bool { return d.Every > 0 || !d.Needs.Server })
	}
	of := &collector.Target{Name: p.target.Name, Server: server, Logger: e.options.Logger, Now: e.options.Now}
	if p.target.Source != "" {
		of.Source = source{targets: &e.current, name: p.target.Source}
	}
	return collector.NewScraper(of, defs)
}

// applicable returns the switches of collectors that the target can have. The
// names were checked with the configuration: one that is not of this target is of
// another one, as the host is of the default target alone.
func (p plan) applicable(defs []collector.Definition) map[string]bool {
	names := Names(defs)
	switches := maps.Clone(p.switches)
	maps.DeleteFunc(switches, func(name string, _ bool) bool { return !slices.Contains(names, name) })
	return switches
}

func (e *Exporter) serverOptions(p plan) mysqld.Options {
	m := p.target.Module
	o := mysqld.Options{
		Name: p.target.Name, Address: p.target.Address, User: m.User, Password: m.Password,
		TLS: mysqld.TLS{
			Mode: mysqld.TLSMode(m.TLS.Mode), CAFile: m.TLS.CAFile, CertFile: m.TLS.CertFile,
			KeyFile: m.TLS.KeyFile, ServerPublicKeyFile: m.TLS.ServerPublicKeyFile,
		},
		MaxConnections: p.connections, Program: "dbsync_exporter", Logger: e.options.Logger.With("target", p.target.Name),
	}
	if p.visitor {
		o.Allow = p.networks.Check
	}
	return o
}

// enter reserves the target for a scrape; false when it is being closed.
func (t *target) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.users++
	}
	return !t.closed
}

func (t *target) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users--; t.users == 0 && t.closed {
		close(t.empty)
	}
}

// idle reports whether nobody is inside.
func (t *target) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.users == 0
}

// close lets nobody in any more, waits for the last one to leave, ends the
// background collectors and closes the connections. When ctx ends first, it goes
// on without waiting.
func (t *target) close(ctx context.Context) error {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		if t.users == 0 {
			close(t.empty)
		}
	}
	t.mu.Unlock()
	select {
	case <-t.empty:
	case <-ctx.Done():
	}
	if err := errors.Join(t.scraper.Stop(ctx), t.closeWithin(ctx)); err != nil {
		return fmt.Errorf("close target %s: %w", t.plan.target.Name, err)
	}
	return nil
}

// closeWithin closes the connections, which may have to wait for the server.
func (t *target) closeWithin(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- t.closeServer() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *target) closeServer() error {
	if t.server == nil {
		return nil
	}
	return t.server.Close()
}
