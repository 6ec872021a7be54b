// SPDX-License-Identifier: Apache-2.0

// Package replay runs rule files over made-up time: through Prometheus' own rule
// manager, engine and storage, in this process.
package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"go.yaml.in/yaml/v3"
)

// Firing is one episode of an alert, as Alertmanager would be told of it.
type Firing struct {
	Labels labels.Labels
	From   time.Time
	To     time.Time // zero: it was firing still when the replay ended
}

// Replay is a Prometheus whose clock is the caller's. It is for one goroutine.
type Replay struct {
	db      *tsdb.DB
	dir     string
	groups  []*rules.Group
	next    map[*rules.Group]time.Time
	refs    map[string]storage.SeriesRef
	open    map[string]int // index in firings, by the alert's labels
	firings []Firing
	engine  *promql.Engine
}

// New loads the rule files, by name, into a fresh Prometheus. Annotations are
// left out: to render them would be most of the work.
func New(files map[string][]byte) (*Replay, error) {
	dir, err := os.MkdirTemp("", "dbsync-quality-")
	if err != nil {
		return nil, err
	}
	r := &Replay{dir: dir, next: map[*rules.Group]time.Time{}, refs: map[string]storage.SeriesRef{}, open: map[string]int{}}
	if err := r.load(files); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Replay) load(files map[string][]byte) error {
	const month = 30 * 24 * time.Hour
	options := tsdb.DefaultOptions()
	options.WALSegmentSize = -1
	options.MinBlockDuration, options.MaxBlockDuration = month.Milliseconds(), month.Milliseconds()
	options.RetentionDuration = 0
	logger := slog.New(slog.DiscardHandler)
	var err error
	if r.db, err = tsdb.Open(filepath.Join(r.dir, "data"), logger, nil, options, nil); err != nil {
		return err
	}
	p := parser.NewParser(parser.Options{})
	r.engine = promql.NewEngine(promql.EngineOpts{
		Logger: logger, MaxSamples: 500e6, Timeout: 10 * time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})
	manager := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation, Context: context.Background(), Logger: logger, Parser: p,
		QueryFunc: rules.EngineQueryFunc(r.engine, r.db), Appendable: r.db, Queryable: r.db,
		NotifyFunc: r.notify, ResendDelay: 1000 * time.Hour, OutageTolerance: time.Hour,
	})
	paths, err := r.write(files)
	if err != nil {
		return err
	}
	groups, errs := manager.LoadGroups(15*time.Second, labels.EmptyLabels(), "", nil, false, paths...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, g := range groups {
		for _, rule := range g.Rules() {
			if alert, ok := rule.(*rules.AlertingRule); ok {
				alert.SetRestored(true) // else ALERTS is not written
			}
		}
		r.groups = append(r.groups, g)
	}
	slices.SortFunc(r.groups, func(a, b *rules.Group) int {
		return cmp.Or(cmp.Compare(a.File(), b.File()), cmp.Compare(a.Interval(), b.Interval()), cmp.Compare(a.Name(), b.Name()))
	})
	return nil
}

// write puts the files into the folder, without annotations.
func (r *Replay) write(files map[string][]byte) ([]string, error) {
	var paths []string
	for name, text := range files {
		var document map[string]any
		if err := yaml.Unmarshal(text, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		groups, _ := document["groups"].([]any)
		for _, g := range groups {
			group, _ := g.(map[string]any)
			all, _ := group["rules"].([]any)
			for _, rule := range all {
				if fields, ok := rule.(map[string]any); ok {
					delete(fields, "annotations")
				}
			}
		}
		bare, err := yaml.Marshal(document)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(r.dir, name)
		if err := os.WriteFile(path, bare, 0o600); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths, nil
}

// Close removes everything.
func (r *Replay) Close() error {
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

// Sample is a value of a series at the time of the Append. NaN says that the
// series is gone.
type Sample struct {
	Labels labels.Labels
	Key    string // identifies the series
	At     time.Time
	Value  float64
}

// Append stores samples, none older than those before.
func (r *Replay) Append(samples []Sample) error {
	appender := r.db.Appender(context.Background())
	for _, s := range samples {
		v := s.Value
		if math.IsNaN(v) {
			v = math.Float64frombits(value.StaleNaN)
		}
		ref, err := appender.Append(r.refs[s.Key], s.Labels, s.At.UnixMilli(), v)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s.Key, err), appender.Rollback())
		}
		r.refs[s.Key] = ref
	}
	return appender.Commit()
}

// Evaluate runs the groups that are due.
func (r *Replay) Evaluate(now time.Time) error {
	for _, g := range r.groups {
		if now.Before(r.next[g]) {
			continue
		}
		r.next[g] = now.Add(g.Interval())
		g.Eval(context.Background(), now)
		for _, rule := range g.Rules() {
			if err := rule.LastError(); err != nil {
				return fmt.Errorf("%s: %w", rule.Name(), err)
			}
		}
	}
	return nil
}

// notify keeps what Alertmanager would be sent.
func (r *Replay) notify(_ context.Context, _ string, alerts ...*rules.Alert) {
	for _, a := range alerts {
		key := a.Labels.String()
		i, known := r.open[key]
		switch {
		case !a.ResolvedAt.IsZero() && known:
			r.firings[i].To = a.ResolvedAt
			delete(r.open, key)
		case a.ResolvedAt.IsZero() && !known:
			r.open[key] = len(r.firings)
			r.firings = append(r.firings, Firing{Labels: a.Labels.Copy(), From: a.FiredAt})
		}
	}
}

// Firings returns the episodes so far, in the order in which they began.
func (r *Replay) Firings() []Firing { return r.firings }
