// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/collector/migration/release"
	"github.com/easy-erp/dbsync/internal/config"
)

// generation is all that was built from one configuration.
type generation struct {
	config   *config.Config
	targets  []*target // in the configuration's order; the first is the host's when there are none
	visitors *visitors
	runs     *job.Store     // what jobs have reported
	lists    *release.Store // what releases have pushed
}

// main returns the target that /metrics serves.
func (g *generation) main() *target {
	if t := g.target(g.config.DefaultTarget()); t != nil {
		return t
	}
	return g.targets[0]
}

// target returns the named target, or nil.
func (g *generation) target(name string) *target {
	i := slices.IndexFunc(g.targets, func(t *target) bool { return t.plan.target.Name == name })
	if i < 0 {
		return nil
	}
	return g.targets[i]
}

// owns reports whether the target belongs to the generation.
func (g *generation) owns(t *target) bool { return slices.Contains(g.targets, t) }

// plans returns what the configuration wants, in its order.
func (e *Exporter) plans(c *config.Config) []plan {
	plans := make([]plan, 0, len(c.Targets()))
	for _, t := range c.Targets() {
		p := e.basePlan(c)
		p.target, p.windows = t, c.Windows(t.Name)
		p.histories, p.backups, p.discover = c.Histories(t.Name), c.Backups(t.Name), c.Discover()
		p.archives = c.BinlogArchives(t.Name)
		p.compared, p.heartbeat = c.CompareSchemas(), c.Heartbeat()
		if t.Name == c.DefaultTarget() {
			p.host = newHostPlan(c)
		}
		plans = append(plans, p)
	}
	if len(plans) == 0 {
		p := e.basePlan(c)
		p.host = newHostPlan(c)
		plans = append(plans, p)
	}
	return plans
}

func (e *Exporter) basePlan(c *config.Config) plan {
	return plan{
		connections: c.MaxConnections(), switches: c.Collectors(), noDefaults: e.options.DisableDefaults, stateDir: c.StateDir(),
	}
}

func newHostPlan(c *config.Config) *hostPlan {
	return &hostPlan{paths: c.Paths(), processes: c.Processes(), apis: c.APIs(), logs: c.Logs(), feeds: feeds(c)}
}

// build makes a generation, taking over from the old one every target whose plan
// is the same. On an error nothing of it stays behind. old may be nil.
func (e *Exporter) build(c *config.Config, old *generation) (*generation, error) {
	next := &generation{config: c, visitors: e.inheritVisitors(c, old), runs: e.inheritRuns(c, old), lists: release.New(c.StateDir())}
	for _, p := range e.plans(c) {
		t := takeOver(old, p)
		if t == nil {
			var err error
			if t, err = e.newTarget(p, next.runs); err != nil {
				return nil, errors.Join(err, closeAll(context.Background(), next.unlike(old)))
			}
		}
		next.targets = append(next.targets, t)
	}
	return next, nil
}

// takeOver returns the target of the old generation that is as planned, or nil.
func takeOver(old *generation, p plan) *target {
	if old == nil {
		return nil
	}
	if t := old.target(p.target.Name); t != nil && t.plan.equal(p) {
		return t
	}
	return nil
}

// unlike returns the targets that other does not own.
func (g *generation) unlike(other *generation) []*target {
	if other == nil {
		return slices.Clone(g.targets)
	}
	var own []*target
	for _, t := range g.targets {
		if !other.owns(t) {
			own = append(own, t)
		}
	}
	return own
}

// startGap is the pause between the first background work of two targets: it costs
// a few logins and every statement there is.
const startGap = 50 * time.Millisecond

// start begins the background work of what is new, which goes on serving the
// snapshots of what it replaces until it has its own.
func (g *generation) start(old *generation) {
	for i, t := range g.unlike(old) {
		if old != nil {
			if before := old.target(t.plan.target.Name); before != nil {
				t.scraper.Adopt(before.scraper)
			}
		}
		t.scraper.StartAfter(time.Duration(i) * startGap)
	}
}

// retired returns what to close when next has taken over.
func (g *generation) retired(next *generation) []*target {
	targets := g.unlike(next)
	if next == nil || next.visitors != g.visitors {
		targets = append(targets, g.visitors.drain()...)
	}
	return targets
}

// inheritVisitors returns the old free-form targets when the configuration treats
// such targets as before, else none.
func (e *Exporter) inheritVisitors(c *config.Config, old *generation) *visitors {
	if old != nil && reflect.DeepEqual(visitorRules(c), visitorRules(old.config)) {
		return old.visitors
	}
	return newVisitors(e.options.Now)
}

// inheritRuns returns the old store of runs where the folder is the same: the
// targets that are taken over use it.
func (e *Exporter) inheritRuns(c *config.Config, old *generation) *job.Store {
	if old != nil && old.config.StateDir() == c.StateDir() {
		return old.runs
	}
	return job.New(job.Options{Dir: c.StateDir(), Now: e.options.Now})
}

// visitorRules is all of a configuration that a free-form target depends on.
func visitorRules(c *config.Config) []any {
	rules := []any{c.ProbeAllow(), c.MaxConnections(), c.Collectors()}
	for _, name := range c.ModuleNames() {
		m, _ := c.Module(name)
		rules = append(rules, m)
	}
	return rules
}

// closeAll closes targets side by side and joins what went wrong.
func closeAll(ctx context.Context, targets []*target) error {
	errs := make([]error, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() { errs[i] = t.close(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
