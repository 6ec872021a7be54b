// SPDX-License-Identifier: Apache-2.0

package customrules

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

// State is an alert rule as Prometheus has it.
type State struct {
	File  string // the path there
	Group string
	prometheus.AlertingRule
}

// States asks Prometheus for its alert rules.
func States(ctx context.Context, api prometheus.API) ([]State, error) {
	result, err := api.Rules(ctx, nil)
	if err != nil {
		return nil, err
	}
	var all []State
	for _, group := range result.Groups {
		for _, r := range group.Rules {
			if alert, ok := r.(prometheus.AlertingRule); ok {
				all = append(all, State{group.File, group.Name, alert})
			}
		}
	}
	return all, nil
}

// Confirm waits until Prometheus has of the file exactly the alert rules that
// are switched on, each as it is written.
func (s *Set) Confirm(ctx context.Context, api prometheus.API) error {
	const every = 100 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last error
	for {
		err := s.compare(ctx, api)
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil { // what was wrong, not that time was up
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}

func (s *Set) compare(ctx context.Context, api prometheus.API) error {
	states, err := States(ctx, api)
	if err != nil {
		return err
	}
	loaded := map[string]int{}
	for _, state := range states {
		if path.Base(state.File) == path.Base(s.enabled.path) {
			print, err := fingerprint(state.Name, state.Query, model.Duration(state.Duration*float64(time.Second)), state.Labels)
			if err != nil {
				return err
			}
			loaded[print]++
		}
	}
	rules, err := s.Rules()
	if err != nil {
		return err
	}
	for _, r := range rules {
		if !r.Enabled || r.Alert == "" {
			continue
		}
		set := model.LabelSet{}
		for name, value := range r.Labels {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
		print, err := fingerprint(r.Alert, r.Expr, r.For, set)
		if err != nil {
			return err
		}
		if loaded[print] == 0 {
			return fmt.Errorf("%w: it does not have %s as %s says it; the file must match rule_files in its configuration, and be on its machine",
				errNotLoaded, r.Alert, s.enabled.path)
		}
		loaded[print]--
	}
	for print, n := range loaded {
		if n > 0 {
			return fmt.Errorf("%w: it still has %s", errNotLoaded, print)
		}
	}
	return nil
}

var errNotLoaded = errors.New("the reload went through, but the rules of Prometheus are not those of the file")

// fingerprint is a rule in one line, its expression in the form that Prometheus
// gives it.
func fingerprint(name, expr string, wait model.Duration, labels model.LabelSet) (string, error) {
	parsed, err := rulefile.Parser().ParseExpr(expr)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Sprintf("%s%s for %s: %s", name, labels, wait, parsed), nil
}
