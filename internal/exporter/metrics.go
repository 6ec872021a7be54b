// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/internal/config"
)

// metrics serves the default target, what is collected beside it, and the
// exporter itself.
func (e *Exporter) metrics(w http.ResponseWriter, r *http.Request) error {
	t, err := e.borrow(func(g *generation) (*target, error) { return g.main(), nil })
	if err != nil {
		return err
	}
	defer t.leave()
	return e.scrape(w, r, t, true)
}

// probe serves one named target, or one at an address that the configuration
// allows.
func (e *Exporter) probe(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	t, err := e.borrow(func(g *generation) (*target, error) {
		return e.findProbed(g, query.Get("target"), query.Get("module"))
	})
	if err != nil {
		return err
	}
	defer t.leave()
	return e.scrape(w, r, t, false)
}

func (e *Exporter) findProbed(g *generation, name, module string) (*target, error) {
	if name == "" {
		return nil, failure(badRequest, "name a server with ?target=: there is %s", g.names())
	}
	t := g.target(name)
	if t == nil {
		return e.findVisitor(g, name, module)
	}
	if own := t.plan.target.Module.Name; module != "" && module != own {
		return nil, failure(badRequest, "target %q logs in with module %q: leave ?module= out, it is for targets that have no name", name, own)
	}
	return t, nil
}

// findVisitor returns a free-form target. What is refused here spares a dial; what
// counts is the check of the address that is dialled.
func (e *Exporter) findVisitor(g *generation, address, module string) (*target, error) {
	allowed := g.config.ProbeAllow()
	if allowed.Empty() {
		return nil, failure(badRequest, "no target is called %q: there is %s; other servers are dialled only where mysql.probe_allow allows it",
			address, g.names())
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || config.CheckHostPort(address) != nil {
		return nil, failure(badRequest, "no target is called %q, and it is not host:port: there is %s", address, g.names())
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
		if err := allowed.Check(literal{net.JoinHostPort(host, port)}); err != nil {
			return nil, failure(badRequest, "%w", err)
		}
	}
	if module == "" {
		module = "default"
	}
	m, ok := g.config.Module(module)
	if !ok {
		return nil, failure(badRequest, "no module is called %q: there is %s", module, strings.Join(g.config.ModuleNames(), ", "))
	}
	address = net.JoinHostPort(strings.ToLower(strings.TrimSuffix(host, ".")), port)
	return e.visit(g, config.Target{Name: address, Address: address, Module: m})
}

func (e *Exporter) visit(g *generation, to config.Target) (*target, error) {
	t, evicted, err := g.visitors.get(visitorKey{to.Address, to.Module.Name}, func() (*target, error) {
		p := e.basePlan(g.config)
		p.target, p.visitor, p.networks = to, true, g.config.ProbeAllow()
		return e.newTarget(p, g.runs)
	})
	if evicted != nil {
		e.retire([]*target{evicted})
	}
	return t, err
}

// names lists the targets for messages.
func (g *generation) names() string {
	if names := g.config.TargetNames(); len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return "none"
}

// literal is an address written as numbers, before it is dialled.
type literal struct{ text string }

func (literal) Network() string  { return "tcp" }
func (l literal) String() string { return l.text }

// scrape answers with what the request selects of a target.
func (e *Exporter) scrape(w http.ResponseWriter, r *http.Request, t *target, withSelf bool) error {
	wanted, err := selectNames(r.URL.Query(), t.scraper.Names(), withSelf)
	if err != nil {
		return err
	}
	ctx, cancel := e.bound(r)
	defer cancel()
	families := e.gather(ctx, t, wanted)
	e.compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.encode(w, r, families) })).ServeHTTP(w, r)
	return nil
}

// gather collects what is wanted. The families of collectors and those of the
// exporter have different names, so that putting them together is sorting them.
func (e *Exporter) gather(ctx context.Context, t *target, wanted selection) []*dto.MetricFamily {
	var families []*dto.MetricFamily
	if len(wanted.names) > 0 {
		families = t.scraper.Scrape(ctx, wanted.names...)
	}
	if !wanted.self {
		return families
	}
	own, err := e.self.registry.Gather()
	if err != nil {
		e.options.Logger.Warn("the exporter's own metrics are incomplete", "err", err)
	}
	families = append(families, own...)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families
}
