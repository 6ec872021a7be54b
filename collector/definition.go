// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// Definition declares a collector.
type Definition struct {
	// Name is the flag's, the label's and the config key's name, such as
	// "mysql.locks". The part before the first dot is its group.
	Name string
	// Help says in one sentence what it tells the reader.
	Help string
	// Default says whether it is on when nobody asked.
	Default bool
	// Needs is what must be there for it to run; where it is not, the collector
	// is skipped, which is not a failure.
	Needs Needs
	// Cost is what one collection costs the server or the host, for the reader.
	Cost string
	// Every makes it a background collector with this interval: the scrape
	// serves its newest snapshot. 0: it is read on the scrape.
	Every time.Duration
	// Deadline bounds one background collection. 0 means Every.
	Deadline time.Duration
	Families []*Family
	// New builds the collector for a target. What it keeps between collections
	// (a cache, a position in a file) is the collector's own.
	New func(*Target) Collector
}

// Needs is what a collector needs of its target.
type Needs struct {
	// Server says that it reads the target's database server.
	Server bool
	// Versions lists the flavours and versions that have what it reads. nil: all.
	Versions map[Flavour]Range
	// PerformanceSchema says that it reads performance_schema, which MariaDB
	// leaves off by default.
	PerformanceSchema bool
	// Privileges are those of each flavour; Percona uses MySQL's.
	Privileges map[Flavour][]Privilege
}

// Collector reads one kind of thing from one target.
type Collector interface {
	// Collect writes what it found into the sink and returns nil, an error, or
	// one made by [Skip]. On an error nothing of it is published but the sources
	// that were complete. It returns soon after ctx ends. It is never called
	// twice at once for one target.
	Collect(ctx context.Context, out *Sink) error
}

// Runner is a [Collector] with work of its own beside collecting, of which it
// shows the state: to look into folders that may hang, to read files that take
// longer than any scrape. Run is called once, when the target is started, at the
// same time as Collect, and returns soon after ctx ends.
type Runner interface {
	Collector
	Run(ctx context.Context)
}

// Func makes a function a Collector.
type Func func(ctx context.Context, out *Sink) error

// Collect calls the function.
func (f Func) Collect(ctx context.Context, out *Sink) error { return f(ctx, out) }

// Target is what is monitored: a database server, or with no Server the host
// that the exporter runs on.
type Target struct {
	Name   string
	Server Server
	// Source is the server that this one replicates from, as the configuration says;
	// nil: it does not.
	Source Server
	Logger *slog.Logger
	Now    func() time.Time
	// Scrapes are those that go on; the scraper sets it. Nil: there are none.
	Scrapes *Scrapes
}

// Reason is the value of the reason label of dbsync_collector_skipped.
type Reason string

// The reasons for which something is not applicable.
const (
	Unsupported  Reason = "unsupported"  // this flavour or version does not have it
	Unprivileged Reason = "unprivileged" // the account may not read it
	Unconfigured Reason = "unconfigured" // the server or the user has switched it off
)

// SkipError says that something is not applicable, which is no failure.
type SkipError struct {
	Reason Reason
	Detail string // what to do to have it
}

func (e *SkipError) Error() string { return string(e.Reason) + ": " + e.Detail }

// Skip returns the error of a collector or a source that is not applicable.
func Skip(reason Reason, format string, args ...any) error {
	return &SkipError{reason, fmt.Sprintf(format, args...)}
}

// check returns nil, or the SkipError of what is missing.
func (n Needs) check(f Facts) error {
	if n.Versions != nil {
		r, ok := forFlavour(n.Versions, f.Flavour)
		if !ok || !r.Contains(f.Version) {
			return Skip(Unsupported, "%s %s does not have it", f.Flavour, f.Version)
		}
	}
	if n.PerformanceSchema && !f.PerformanceSchema {
		return Skip(Unconfigured, "start the server with performance_schema=ON")
	}
	privileges, _ := forFlavour(n.Privileges, f.Flavour)
	for _, p := range privileges {
		if !p.Optional && !f.Grants.Has(p) {
			return Skip(Unprivileged, "GRANT %s ON %s TO the monitoring account", p.Name, p.On)
		}
	}
	return nil
}

func forFlavour[T any](m map[Flavour]T, f Flavour) (T, bool) {
	v, ok := m[f]
	if !ok && f == Percona {
		v, ok = m[MySQL]
	}
	return v, ok
}

// Validate checks a list of definitions as a whole: names and families are
// unique, and everything that documentation is made from is there.
func Validate(defs []Definition) error {
	names, families := map[string]bool{}, map[string]string{}
	for _, f := range selfFamilies {
		families[f.Name] = "the exporter itself"
	}
	var errs []error
	for _, d := range defs {
		if d.Name == "" || d.Help == "" || d.Cost == "" || d.New == nil || len(d.Families) == 0 {
			errs = append(errs, fmt.Errorf("collector %q: name, help, cost, families and New are all needed", d.Name))
		}
		if names[d.Name] {
			errs = append(errs, fmt.Errorf("collector %s: defined twice", d.Name))
		}
		names[d.Name] = true
		for _, f := range d.Families {
			if err := f.validate(); err != nil {
				errs = append(errs, fmt.Errorf("collector %s: %w", d.Name, err))
			}
			if other, taken := families[f.Name]; taken {
				errs = append(errs, fmt.Errorf("collector %s: family %s is already %s's", d.Name, f.Name, other))
			}
			families[f.Name] = d.Name
		}
	}
	return errors.Join(errs...)
}

// UnknownError names collectors that do not exist or are switched off.
type UnknownError struct{ Names, Known []string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown or disabled collector %s; there are: %s",
		strings.Join(e.Names, ", "), strings.Join(e.Known, ", "))
}

// Select returns the definitions that are on: the default ones, unless
// disableDefaults, changed by the switches. A switch names a collector or a
// whole group; the more specific one wins. A name that nothing has is an error.
func Select(defs []Definition, switches map[string]bool, disableDefaults bool) ([]Definition, error) {
	used := map[string]bool{}
	var on []Definition
	for _, d := range defs {
		enabled := d.Default && !disableDefaults
		group, _, _ := strings.Cut(d.Name, ".")
		for _, name := range []string{group, d.Name} {
			if v, ok := switches[name]; ok {
				enabled = v
			}
			used[name] = true
		}
		if enabled {
			on = append(on, d)
		}
	}
	unknown := slices.DeleteFunc(slices.Sorted(maps.Keys(switches)), func(n string) bool { return used[n] })
	if len(unknown) > 0 {
		return nil, &UnknownError{unknown, slices.Sorted(maps.Keys(used))}
	}
	return on, nil
}
