// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Report is what Reconcile did.
type Report struct {
	Extended []Ack   // acknowledgements that last longer now
	Ended    []Ack   // whose alert is over, so that they are too
	Kept     []Alert // escalations that go on with their alert
	Closed   []Alert // escalations whose alert is over
	// Uncertain says why no alert counted as ended; empty when nothing stood in
	// the way.
	Uncertain string
}

// Reconcile prolongs acknowledgements and escalations whose alerts fire, and
// ends those whose alerts are over: it deletes the silence and posts the alert
// as resolved, so that who was told of it is told that too. Without that,
// Alertmanager takes an alert that ended while it was silenced for still firing,
// and does not tell its next incident before repeat_interval.
//
// It may run at any time and twice at once. What fails does not keep the rest
// from being done.
func (c *Cluster) Reconcile(ctx context.Context) (Report, error) {
	var report Report
	acks, err := c.Acks(ctx)
	if err != nil {
		return report, err
	}
	// Listed after the silences: an alert that is acknowledged meanwhile fires.
	alerts, err := c.Alerts(ctx)
	if err != nil {
		return report, err
	}
	report.Uncertain = c.uncertain(ctx, alerts)
	firing := func(labels map[string]string) bool {
		return report.Uncertain != "" || slices.ContainsFunc(alerts, func(a Alert) bool { return maps.Equal(a.Labels, labels) })
	}
	var errs []error
	for _, ack := range acks {
		if firing(ack.Labels) {
			errs = append(errs, c.extend(ctx, ack, &report))
		} else {
			errs = append(errs, c.endAck(ctx, ack, &report))
		}
	}
	for _, a := range alerts {
		if a.Labels[LabelEscalate] == "" {
			continue
		}
		if firing(base(a.Labels)) {
			a.EndsAt = time.Time{}
			errs = append(errs, c.Post(ctx, a))
			report.Kept = append(report.Kept, a)
		} else {
			errs = append(errs, c.End(ctx, a))
			report.Closed = append(report.Closed, a)
		}
	}
	return report, errors.Join(errs...)
}

// uncertain says why an alert that is not listed may fire all the same.
func (c *Cluster) uncertain(ctx context.Context, alerts []Alert) string {
	var settled atomic.Bool
	err := c.each(ctx, func(ctx context.Context, m *member) error {
		up, err := m.uptime(ctx)
		if up >= c.options.Settle {
			settled.Store(true)
		}
		return err
	})
	switch {
	case err != nil:
		return err.Error()
	case !settled.Load():
		return fmt.Sprintf("no Alertmanager has run for %v: after a restart it knows no alert", c.options.Settle)
	case c.options.Witness != "" && !slices.ContainsFunc(alerts, func(a Alert) bool { return a.Labels["alertname"] == c.options.Witness }):
		return fmt.Sprintf("%s does not fire: Prometheus does not reach Alertmanager", c.options.Witness)
	}
	return ""
}

// extend prolongs an acknowledgement when half of its time is over.
func (c *Cluster) extend(ctx context.Context, ack Ack, report *Report) error {
	if ack.Extend == 0 || time.Until(ack.Until) > ack.Extend/2 {
		return nil
	}
	copies, err := c.escalations(ctx, Alert{Labels: ack.Labels})
	if err != nil {
		return err
	}
	ack.Until = time.Now().Add(ack.Extend)
	if ack.ID, err = c.silence(ctx, ack.model(copies)); err != nil {
		return err
	}
	report.Extended = append(report.Extended, ack)
	return nil
}

func (c *Cluster) endAck(ctx context.Context, ack Ack, report *Report) error {
	if err := c.expire(ctx, ack.ID); err != nil {
		return err
	}
	report.Ended = append(report.Ended, ack)
	return c.End(ctx, Alert{Labels: ack.Labels, StartsAt: ack.StartsAt})
}
