// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

var (
	plain  = &Family{Name: "test_plain", Help: "A plain one.", Source: "test"}
	byName = &Family{Name: "test_by_name", Help: "A labelled one.", Source: "test", Labels: []string{"name"}, MaxSeries: 2}
)

func definition(name string, collect Func, families ...*Family) Definition {
	return Definition{
		Name: name, Help: "Test.", Cost: "nothing", Default: true, Families: families,
		New: func(*Target) Collector { return collect },
	}
}

func newScraper(t *testing.T, defs ...Definition) *Scraper {
	t.Helper()
	s, err := NewScraper(&Target{Name: "t"}, defs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value returns the value of the series with the given label values, in the
// exposition's order.
func value(families []*dto.MetricFamily, name string, labels ...string) (float64, bool) {
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.Metric {
			if matches(m, labels) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue(), true
			}
		}
	}
	return 0, false
}

func matches(m *dto.Metric, labels []string) bool {
	if len(m.Label) != len(labels) {
		return false
	}
	for i, l := range m.Label {
		if l.GetValue() != labels[i] {
			return false
		}
	}
	return true
}

func wantValue(t *testing.T, families []*dto.MetricFamily, want float64, name string, labels ...string) {
	t.Helper()
	if got, ok := value(families, name, labels...); !ok || got != want {
		t.Errorf("%s%v = %v (there: %v), want %v", name, labels, got, ok, want)
	}
}

func wantAbsent(t *testing.T, families []*dto.MetricFamily, name string, labels ...string) {
	t.Helper()
	if got, ok := value(families, name, labels...); ok {
		t.Errorf("%s%v = %v, want it absent", name, labels, got)
	}
}

func TestFailedCollectorPublishesNothingButItsCompleteSources(t *testing.T) {
	s := newScraper(t, definition("a", func(ctx context.Context, out *Sink) error {
		out.Emit(plain, 1)
		out.Source(ctx, "good", func(_ context.Context, out *Sink) error { out.Emit(byName, 1, "good"); return nil })
		out.Source(ctx, "bad", func(_ context.Context, out *Sink) error {
			out.Emit(byName, 1, "bad")
			return errors.New("half way")
		})
		out.Source(ctx, "none", func(context.Context, *Sink) error { return Skip(Unconfigured, "off") })
		return errors.New("broken")
	}, plain, byName))
	got := s.Scrape(t.Context())
	wantAbsent(t, got, "test_plain")
	wantValue(t, got, 1, "test_by_name", "good")
	wantAbsent(t, got, "test_by_name", "bad")
	wantValue(t, got, 1, "dbsync_source_success", "a", "good")
	wantValue(t, got, 0, "dbsync_source_success", "a", "bad")
	wantAbsent(t, got, "dbsync_source_success", "a", "none")
	wantValue(t, got, 0, "dbsync_collector_success", "a")
}

// What fails scrape after scrape is one line, which says why; another cause is
// another line.
func TestLastingFailureOfASourceIsLoggedOnce(t *testing.T) {
	cause := errors.New("no such file")
	d := definition("a", func(ctx context.Context, out *Sink) error {
		for i := range maxFailures + 2 {
			out.Source(ctx, fmt.Sprint("s", i), func(context.Context, *Sink) error { return cause })
		}
		return nil
	}, plain)
	var log bytes.Buffer
	s, err := NewScraper(&Target{Logger: slog.New(slog.NewTextHandler(&log, nil))}, []Definition{d})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.Scrape(t.Context())
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "source s0: no such file") || !strings.Contains(log.String(), "2 more sources failed") {
		t.Errorf("%d lines: %s", n, log.String())
	}
	if last := s.Status()[0].LastError; !strings.Contains(last, "source s0: no such file") {
		t.Errorf("shown to people: %s", last)
	}
	cause = errors.New("permission denied")
	s.Scrape(t.Context())
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines: %s", n, log.String())
	}
}

func TestLateCollectorFailsAndTheOthersAreServed(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := newScraper(t,
		definition("stuck", func(ctx context.Context, out *Sink) error {
			out.Source(ctx, "first", func(_ context.Context, out *Sink) error { out.Emit(byName, 1, "first"); return nil })
			<-release // deaf to ctx, as a hung mount is
			return nil
		}, byName),
		definition("quick", func(_ context.Context, out *Sink) error { out.Emit(plain, 7); return nil }, plain))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got := s.Scrape(ctx)
	wantValue(t, got, 7, "test_plain")
	wantValue(t, got, 1, "test_by_name", "first")
	wantValue(t, got, 0, "dbsync_collector_success", "stuck")
	wantValue(t, got, 1, "dbsync_collector_success", "quick")
}

func TestPanicFailsThatCollectorAlone(t *testing.T) {
	s := newScraper(t,
		definition("bad", func(context.Context, *Sink) error { panic("boom") }, byName),
		definition("good", func(_ context.Context, out *Sink) error { out.Emit(plain, 1); return nil }, plain))
	s.Scrape(t.Context())
	got := s.Scrape(t.Context())
	wantValue(t, got, 0, "dbsync_collector_success", "bad")
	wantValue(t, got, 2, "dbsync_collector_panics_total", "bad")
	wantValue(t, got, 1, "test_plain")
}

func TestCapsAndDuplicatesTrimTheFamily(t *testing.T) {
	s := newScraper(t, definition("a", func(_ context.Context, out *Sink) error {
		for _, n := range []string{"x", "x", "y", "z"} {
			out.Emit(byName, 1, n)
		}
		return nil
	}, byName))
	got := s.Scrape(t.Context())
	wantValue(t, got, 1, "dbsync_collector_success", "a")
	wantValue(t, got, 1, "dbsync_duplicate_series_dropped", "a")
	wantValue(t, got, 1, "dbsync_series_dropped", "a")
	wantAbsent(t, got, "test_by_name", "z")
}

func TestCapHoldsForOpenFamiliesWithoutLabels(t *testing.T) {
	open := &Family{Name: "test_open_", Help: "Named by the server.", Open: true, MaxSeries: 2}
	s := newScraper(t, definition("a", func(_ context.Context, out *Sink) error {
		for _, suffix := range []string{"x", "y", "z"} {
			out.EmitNamed(open, suffix, 1)
		}
		return nil
	}, open))
	got := s.Scrape(t.Context())
	wantValue(t, got, 1, "test_open_y")
	wantAbsent(t, got, "test_open_z")
	wantValue(t, got, 1, "dbsync_series_dropped", "a")
}
