// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
)

// maxLabelValue bounds a label value in bytes: a table name has at most 256, and
// nothing hostile shall fill Prometheus' memory.
const maxLabelValue = 1024

// Sink takes what a collector finds. Its methods may be called from several
// goroutines.
type Sink struct {
	run *run

	mu     sync.Mutex
	series []series // buffered until this sink's source or collector is complete
	texts  slab[string]
}

// series is one metric of the family called name, as small as it can be: the
// snapshots of a thousand targets are kept. [metrics] makes of it what is sent.
type series struct {
	family    *Family
	name      string   // the family's, or the full one of an open family
	labels    []string // values, in the order of the declaration
	value     float64
	histogram *dto.Histogram // instead of the value
}

// run is one run of one collector: what has been published so far, and what was
// wrong with it.
type run struct {
	collector string
	logger    *slog.Logger

	mu         sync.Mutex
	published  []series
	sources    map[string]error // by name: nil or why it failed; what is not applicable is not in it
	seed       maphash.Seed
	seen       map[uint64]struct{} // keys of series, to find duplicates
	count      map[*Family]int
	dropped    int
	duplicates int
	panics     int
	closed     bool
}

func newRun(collector string, logger *slog.Logger) *run {
	return &run{
		collector: collector, logger: logger,
		sources: map[string]error{}, count: map[*Family]int{}, seed: maphash.MakeSeed(),
	}
}

// Emit adds a series of a declared gauge, counter or untyped family. The label
// values are in the order of the declaration.
func (s *Sink) Emit(f *Family, value float64, labels ...string) {
	s.EmitNamed(f, "", value, labels...)
}

// EmitNamed adds a series of an open family: suffix completes its name.
func (s *Sink) EmitNamed(f *Family, suffix string, value float64, labels ...string) {
	if f.Type == HistogramType {
		panic("collector: " + f.Name + " is a histogram: use EmitHistogram")
	}
	s.add(series{family: f, name: f.Name + suffix, value: value}, labels)
}

// EmitHistogram adds a series of a declared histogram family.
func (s *Sink) EmitHistogram(f *Family, h Histogram, labels ...string) {
	d := &dto.Histogram{SampleCount: &h.Count, SampleSum: &h.Sum}
	for i := range h.Buckets {
		b := &h.Buckets[i]
		d.Bucket = append(d.Bucket, &dto.Bucket{UpperBound: &b.Le, CumulativeCount: &b.Cumulative})
	}
	s.add(series{family: f, name: f.Name, histogram: d}, labels)
}

// Bool is 1 for true and 0 for false.
func Bool(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// add buffers a series. A wrong number of labels is a bug of the collector, which
// fails it by a panic that the run recovers.
func (s *Sink) add(one series, labels []string) {
	if f := one.family; len(labels) != len(f.Labels) {
		panic(fmt.Sprintf("collector: %s has labels %v, got %d values", f.Name, f.Labels, len(labels)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one.labels = s.texts.some(len(labels))
	for i, v := range labels {
		one.labels[i] = cleanLabel(v)
	}
	s.series = append(s.series, one)
}

func cleanLabel(v string) string {
	if len(v) > maxLabelValue {
		v = v[:maxLabelValue] + "…"
	}
	return strings.ToValidUTF8(v, "\uFFFD")
}

// Source runs a part of the collector that is complete or failed by itself: a
// history, a backup, a group of statements. All that collect emits is published
// when it returns nil, and nothing otherwise. The error is reported as the
// source's and not returned to the caller, so that the other sources go on; an
// error made by [Skip] reports nothing.
func (s *Sink) Source(ctx context.Context, name string, collect func(context.Context, *Sink) error) {
	part := &Sink{run: s.run}
	err := s.run.guard(func() error { return collect(ctx, part) })
	var skip *SkipError
	switch {
	case errors.As(err, &skip):
		s.run.logger.Debug("source is not applicable", "source", name, "reason", skip.Reason, "detail", skip.Detail)
	case err != nil:
		s.run.setSource(name, err) // logged with the outcome of the run, when that changes
	default:
		s.run.publish(part.series)
		s.run.setSource(name, nil)
	}
}

// guard turns a panic into an error, so that it fails one source or collector.
func (r *run) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.mu.Lock()
			r.panics++
			r.mu.Unlock()
			r.logger.Error("collector panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

func (r *run) setSource(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sources[name] == nil { // what failed once stays failed
		r.sources[name] = err
	}
}

// maxFailures bounds the sources that an error tells of.
const maxFailures = 5

// failures returns an error that says why sources failed, or nil.
func (r *run) failures() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	more := 0
	for _, name := range slices.Sorted(maps.Keys(r.sources)) {
		switch err := r.sources[name]; {
		case err == nil:
		case len(errs) == maxFailures:
			more++
		default:
			errs = append(errs, fmt.Errorf("source %s: %w", name, err))
		}
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("%d more sources failed", more))
	}
	return errors.Join(errs...)
}

// publish takes series over, less duplicates and what exceeds the caps. The slice
// is the run's from now on.
func (r *run) publish(all []series) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if r.published == nil {
		r.published = all[:0:len(all)] // filtered in place
		r.seen = make(map[uint64]struct{}, len(all))
	}
	for _, one := range all {
		key := one.key(r.seed)
		_, twice := r.seen[key]
		switch {
		case twice:
			r.duplicate(one)
		case one.capped() && r.count[one.family] >= one.family.maxSeries():
			r.dropped++
		default:
			r.seen[key] = struct{}{}
			r.count[one.family]++
			r.published = append(r.published, one)
		}
	}
}

// close ends the run: nothing is published any more, and what that took is dropped.
func (r *run) close() (panics, published int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.seen, r.count = true, nil, nil
	return r.panics, len(r.published)
}

// compact frees the room for more series of a run that is closed and will be kept.
func (r *run) compact() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.published = append(make([]series, 0, len(r.published)), r.published...)
}

// duplicate counts a duplicate and logs the first of a run. r.mu is held.
func (r *run) duplicate(one series) {
	if r.duplicates == 0 {
		r.logger.Warn("duplicate series dropped", "series", one.name, "labels", one.labels)
	}
	r.duplicates++
}

// capped reports whether data decides how many series the family has.
func (s series) capped() bool { return len(s.labels) > 0 || s.family.Open }

// key identifies a series within a run. It is a hash, as in client_golang's
// registry: two of a million series are taken for one in one of 10^7 runs.
func (s series) key(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.WriteString(s.name)
	for _, l := range s.labels {
		_ = h.WriteByte(0xff) // in no label's value, which is UTF-8
		_, _ = h.WriteString(l)
	}
	return h.Sum64()
}

// execute runs the collector and returns its result. The error is nil only when
// the collector and all of its sources were fine or not applicable.
func (r *run) execute(ctx context.Context, c Collector) error {
	whole := &Sink{run: r}
	if err := r.guard(func() error { return c.Collect(ctx, whole) }); errors.As(err, new(*SkipError)) {
		return err
	} else if err != nil {
		return errors.Join(err, r.failures())
	}
	r.publish(whole.series)
	return r.failures()
}
