// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/easy-erp/dbsync/collector"
)

// access collects the access logs of all APIs.
type access struct {
	apis  []API
	tails []*tail[*requests]
}

func newAccess(opts Options, t *collector.Target) collector.Collector {
	a := &access{}
	for _, api := range opts.APIs {
		if api.AccessLog == "" {
			continue
		}
		empty, err := newRequests(api)
		if err != nil { // the configuration refuses it before
			t.Logger.Error("access log not read", "api", api.Name, "err", err)
			continue
		}
		a.apis = append(a.apis, api)
		a.tails = append(a.tails, newTail(api.AccessLog, opts.StateDir, "api-"+api.Name, empty, t.Now))
	}
	return a
}

// Collect reads what is new in each log. One that hangs keeps no other waiting.
func (a *access) Collect(ctx context.Context, out *collector.Sink) error {
	if len(a.tails) == 0 {
		return collector.Skip(collector.Unconfigured, "name an access_log under apis")
	}
	var wg sync.WaitGroup
	for i, t := range a.tails {
		wg.Go(func() {
			api := a.apis[i]
			var kept error
			out.Source(ctx, api.Name, func(ctx context.Context, out *collector.Sink) error {
				r, err := t.read(ctx)
				if err == nil {
					kept = r.kept
					emitAccess(out, api, r)
				}
				return err
			})
			out.Source(ctx, api.Name+" state", func(context.Context, *collector.Sink) error { return kept })
		})
	}
	wg.Wait()
	return nil
}

// requests is what was counted of one API's log.
type requests struct {
	Lines    uint64                 `json:"lines"`
	Unparsed uint64                 `json:"unparsed"`
	ByCode   map[requestKey]uint64  `json:"by_code"`
	All      histogram              `json:"all"`
	Slow     uint64                 `json:"slow"` // longer than the promise
	ByRoute  map[string]*routeCount `json:"by_route"`

	parse  parser
	routes []route
	slow   float64 // seconds; 0: no promise
	line   request
}

// routeCount is what was counted of one template.
type routeCount struct {
	Requests uint64    `json:"requests"`
	Errors   uint64    `json:"errors"` // codes of 500 and above
	Times    histogram `json:"times"`
}

// requestKey is a method and a code; its text is "GET 200".
type requestKey struct {
	method uint8 // index of methods
	code   uint16
}

// MarshalText makes it the key of a JSON object.
func (k requestKey) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%s %d", methods[k.method], k.code), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *requestKey) UnmarshalText(text []byte) error {
	var method string
	if _, err := fmt.Sscanf(string(text), "%s %d", &method, &k.code); err != nil {
		return fmt.Errorf("%q: want a method and a code", text)
	}
	k.method = methodIndex([]byte(method))
	return nil
}

func newRequests(api API) (*requests, error) {
	parse, err := api.Format.parser()
	if err != nil {
		return nil, err
	}
	routes, err := parseRoutes(api.Routes)
	if err != nil {
		return nil, err
	}
	return &requests{
		ByCode: map[requestKey]uint64{}, ByRoute: map[string]*routeCount{}, All: histogram{Native: map[int]uint64{}},
		parse: parse, routes: routes, slow: api.Latency.Seconds(),
	}, nil
}

// count takes a line in.
func (c *requests) count(line []byte) {
	c.Lines++
	r := &c.line
	*r = request{}
	if !c.parse(line, r) {
		c.Unparsed++
		return
	}
	c.ByCode[requestKey{methodIndex(r.method), uint16(r.code)}]++ // three digits
	if r.timed {
		c.All.observe(r.duration)
		if c.slow > 0 && r.duration > c.slow {
			c.Slow++
		}
	}
	if len(c.routes) > 0 {
		c.countRoute(r)
	}
}

func (c *requests) countRoute(r *request) {
	name := otherRoute
	for i := range c.routes {
		if c.routes[i].matches(r.path) {
			name = c.routes[i].template
			break
		}
	}
	one := c.ByRoute[name]
	if one == nil {
		one = &routeCount{}
		c.ByRoute[name] = one
	}
	one.Requests++
	if r.code >= 500 {
		one.Errors++
	}
	if r.timed {
		one.Times.observe(r.duration)
	}
}

func (c *requests) clone() *requests {
	copied := *c
	copied.ByCode, copied.All = maps.Clone(c.ByCode), c.All.clone()
	copied.ByRoute = make(map[string]*routeCount, len(c.ByRoute))
	for name, one := range c.ByRoute {
		route := *one
		copied.ByRoute[name] = &route
	}
	return &copied
}

// known lists the routes that are configured now: those that were, and are kept
// in the state, show no more.
func (c *requests) known() []string {
	if len(c.routes) == 0 {
		return nil
	}
	names := make([]string, 0, len(c.routes)+1)
	for _, r := range c.routes {
		names = append(names, r.template)
	}
	return slices.Compact(append(names, otherRoute))
}
