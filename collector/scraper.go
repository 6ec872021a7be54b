// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Scraper runs the collectors of one target. It is safe for concurrent use.
type Scraper struct {
	target  *Target
	units   []*unit // in the order of the definitions
	scrapes Scrapes
	stop    context.CancelFunc
	wg      sync.WaitGroup
}

// unit is one collector of one target and what is known of it.
type unit struct {
	def       Definition
	collector Collector
	target    *Target
	logger    *slog.Logger

	mu       sync.Mutex
	flight   *flight // the run in progress, when there is one
	last     *result // the newest finished run, without its series
	failed   *result // the newest run that failed, likewise
	snapshot *result // of a background collector: the newest whose series may be served
	panics   int

	failures int // of a background collector in a row; only its run and who waits for that use it
}

// result is a finished run, immutable.
type result struct {
	run      *run
	series   int   // how many it published
	err      error // nil, a *SkipError, or what failed
	duration time.Duration
	end      time.Time
}

func (r *result) skip() *SkipError {
	var skip *SkipError
	if errors.As(r.err, &skip) {
		return skip
	}
	return nil
}

// NewScraper builds the collectors of a target.
func NewScraper(target *Target, defs []Definition) (*Scraper, error) {
	if err := Validate(defs); err != nil {
		return nil, err
	}
	if target.Logger == nil {
		target.Logger = slog.New(slog.DiscardHandler)
	}
	if target.Now == nil {
		target.Now = time.Now
	}
	s := &Scraper{target: target, stop: func() {}}
	for _, d := range defs {
		of := *target
		of.Scrapes = &s.scrapes
		of.Logger = target.Logger.With("collector", d.Name, "target", target.Name)
		if d.Every > 0 && of.Server != nil {
			of.Server = of.Server.Background()
		}
		if of.Source != nil {
			of.Source = of.Source.Background() // its scrapes come before what others ask of it
		}
		s.units = append(s.units, &unit{def: d, collector: d.New(&of), target: &of, logger: of.Logger})
	}
	return s, nil
}

// Target returns the target that is scraped.
func (s *Scraper) Target() *Target { return s.target }

// Names returns the names of the collectors, in the order of the definitions.
func (s *Scraper) Names() []string {
	names := make([]string, len(s.units))
	for i, u := range s.units {
		names[i] = u.def.Name
	}
	return names
}

// Has returns an [UnknownError] unless the scraper has every named collector.
func (s *Scraper) Has(names []string) error {
	known := s.Names()
	unknown := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(known, n) })
	if len(unknown) > 0 {
		return &UnknownError{unknown, known}
	}
	return nil
}

// Scrape collects from the named collectors, or from all when there are none,
// until ctx ends. What is not ready by then is reported as failed.
func (s *Scraper) Scrape(ctx context.Context, names ...string) []*dto.MetricFamily {
	s.scrapes.begin()
	defer s.scrapes.end()
	var wanted []*unit
	for _, u := range s.units {
		if len(names) == 0 || slices.Contains(names, u.def.Name) {
			wanted = append(wanted, u)
		}
	}
	var wg sync.WaitGroup
	seen := make([]view, len(wanted))
	for i, u := range wanted {
		if u.def.Every > 0 {
			seen[i] = u.viewSnapshot()
			continue
		}
		wg.Go(func() { seen[i] = u.collect(ctx) })
	}
	wg.Wait()
	return assemble(seen)
}

// view is what a scrape sees of a collector: a finished run, or one that is late.
type view struct {
	def        Definition
	series     []series
	sources    map[string]error
	err        error
	duration   time.Duration
	snapshot   time.Time // of a background collector: when its series were read
	dropped    int
	duplicates int
	panics     int
	pending    bool // a background collector that has not finished once
}

// view looks at a run that may still be going on.
func (u *unit) view(r *run, err error, duration time.Duration) view {
	u.mu.Lock()
	panics := u.panics
	u.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		panics += r.panics
	}
	return view{
		def: u.def, series: slices.Clip(r.published), sources: maps.Clone(r.sources), err: err, duration: duration,
		dropped: r.dropped, duplicates: r.duplicates, panics: panics,
	}
}

// execute runs the collector once, in the foreground of the caller.
func (u *unit) execute(ctx context.Context, r *run) *result {
	start := time.Now()
	err := u.ready(ctx)
	if err == nil {
		err = r.execute(ctx, u.collector)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil && u.skipped(err) == nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	panics, published := r.close()
	res := result{series: published, err: err, duration: time.Since(start), end: u.target.Now()}
	u.mu.Lock()
	u.panics += panics
	u.report(&res)
	u.last = &res
	if res.err != nil && res.skip() == nil {
		u.failed = &res
	}
	u.mu.Unlock()
	whole := res
	whole.run = r
	return &whole
}

func (*unit) skipped(err error) *SkipError { return (&result{err: err}).skip() }

// ready returns nil when the target has what the collector needs.
func (u *unit) ready(ctx context.Context) error {
	if !u.def.Needs.Server {
		return nil
	}
	if u.target.Server == nil {
		return Skip(Unconfigured, "name a MySQL target in the configuration")
	}
	facts, err := u.target.Server.Facts(ctx)
	if err != nil {
		return err
	}
	return u.def.Needs.check(facts)
}

// report logs a change of outcome, so that a lasting failure is one line.
func (u *unit) report(res *result) {
	before, now := "ok", "ok"
	if u.last != nil && u.last.err != nil {
		before = u.last.err.Error()
	}
	if res.err != nil {
		now = res.err.Error()
	}
	switch {
	case before == now:
	case res.err == nil:
		u.logger.Info("collector works again", "duration", res.duration)
	case res.skip() != nil:
		u.logger.Info("collector is skipped", "reason", res.skip().Reason, "detail", res.skip().Detail)
	default:
		u.logger.Warn("collector failed", "err", res.err, "duration", res.duration)
	}
}
