// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/receiver"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"
)

// Labels that the shipped routes know.
const (
	LabelEscalate    = "escalate"     // leads a copy of an alert to the receiver that it names
	LabelChannelTest = "channel_test" // leads a test to the receiver that it names
)

// Alert is an alert that fires.
type Alert struct {
	Fingerprint  string
	Labels       map[string]string
	Annotations  map[string]string
	StartsAt     time.Time
	EndsAt       time.Time // when it ends unless it is posted again
	GeneratorURL string
	Receivers    []string // who is told, now or later
	SilencedBy   []string // ids of silences
	InhibitedBy  []string // fingerprints of alerts
}

// Is tells whether two alerts are the same, at any time.
func (a Alert) Is(b Alert) bool { return maps.Equal(a.Labels, b.Labels) }

// Alerts returns what fires and matches all filters, such as
// rule_id="mysql_down", the oldest first. Silenced and inhibited alerts are
// among them.
func (c *Cluster) Alerts(ctx context.Context, filters ...string) ([]Alert, error) {
	var mu sync.Mutex
	found := map[string]Alert{}
	err := c.each(ctx, func(ctx context.Context, m *member) error {
		answer, err := m.api.Alert.GetAlerts(alert.NewGetAlertsParamsWithContext(ctx).WithFilter(filters))
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, a := range answer.Payload {
			one := fromModel(a)
			// The member that was told longest ago knows the onset best.
			if known, ok := found[one.Fingerprint]; !ok || one.StartsAt.Before(known.StartsAt) {
				found[one.Fingerprint] = one
			}
		}
		return nil
	})
	all := slices.Collect(maps.Values(found))
	slices.SortFunc(all, func(a, b Alert) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return all, err
}

func fromModel(a *models.GettableAlert) Alert {
	one := Alert{
		Fingerprint: *a.Fingerprint, Labels: a.Labels, Annotations: a.Annotations,
		StartsAt: time.Time(*a.StartsAt), EndsAt: time.Time(*a.EndsAt), GeneratorURL: string(a.GeneratorURL),
	}
	for _, r := range a.Receivers {
		one.Receivers = append(one.Receivers, *r.Name)
	}
	if a.Status != nil {
		one.SilencedBy, one.InhibitedBy = a.Status.SilencedBy, a.Status.InhibitedBy
	}
	return one
}

// Post tells every member of an alert. A zero EndsAt keeps it for as long as
// [Options] say.
func (c *Cluster) Post(ctx context.Context, a Alert) error {
	if a.EndsAt.IsZero() {
		a.EndsAt = time.Now().Add(c.options.Keep)
	}
	posted := &models.PostableAlert{
		Alert:       models.Alert{Labels: a.Labels, GeneratorURL: strfmt.URI(a.GeneratorURL)},
		Annotations: a.Annotations, StartsAt: strfmt.DateTime(a.StartsAt), EndsAt: strfmt.DateTime(a.EndsAt),
	}
	return c.each(ctx, func(ctx context.Context, m *member) error {
		_, err := m.api.Alert.PostAlerts(alert.NewPostAlertsParamsWithContext(ctx).WithAlerts(models.PostableAlerts{posted}))
		return err
	})
}

// ErrUnroutable says which labels the routes read.
var ErrUnroutable = errors.New("the labels alertname and severity are needed: the routes read them")

// Fire begins an alert that no rule has. It ends by [Cluster.End], or when its
// time is over.
func (c *Cluster) Fire(ctx context.Context, labels map[string]string, summary string, lasting time.Duration) (Alert, error) {
	if labels["alertname"] == "" || labels["severity"] == "" {
		return Alert{}, ErrUnroutable
	}
	now := time.Now()
	a := Alert{
		Fingerprint: model.Fingerprint(model.LabelsToSignature(labels)).String(),
		Labels:      labels, Annotations: map[string]string{"summary": summary}, StartsAt: now, EndsAt: now.Add(lasting),
	}
	return a, c.Post(ctx, a)
}

// End tells every member that an alert is over. Whoever was told of it is told
// that too. An alert that Prometheus still sees comes back within a minute.
func (c *Cluster) End(ctx context.Context, a Alert) error {
	a.EndsAt = time.Now()
	return c.Post(ctx, a)
}

// Escalate tells one more receiver of an alert, now, whoever else was told or
// has acknowledged it. The receiver is told too when it ends.
func (c *Cluster) Escalate(ctx context.Context, a Alert, to, by, reason string) error {
	if a.Labels[LabelEscalate] != "" {
		return fmt.Errorf("this alert is itself an escalation, to %s; escalate the one behind it", a.Labels[LabelEscalate])
	}
	names, err := c.Receivers(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(names, to) {
		return fmt.Errorf("no receiver %q, there are %q", to, names)
	}
	return c.Post(ctx, copyFor(a, to, by, reason))
}

// copyFor is the alert that an escalation posts.
func copyFor(a Alert, to, by, reason string) Alert {
	copied := Alert{
		Labels: maps.Clone(a.Labels), Annotations: maps.Clone(a.Annotations), StartsAt: time.Now(), GeneratorURL: a.GeneratorURL,
	}
	if copied.Annotations == nil {
		copied.Annotations = map[string]string{}
	}
	copied.Labels[LabelEscalate] = to
	copied.Annotations["escalated_by"] = by
	if reason != "" {
		copied.Annotations["escalation_reason"] = reason
	}
	return copied
}

// Receivers returns the names of all receivers of the configuration.
func (c *Cluster) Receivers(ctx context.Context) ([]string, error) {
	var names []string
	err := c.first(ctx, func(ctx context.Context, m *member) error {
		answer, err := m.api.Receiver.GetReceivers(receiver.NewGetReceiversParamsWithContext(ctx))
		if err != nil {
			return err
		}
		for _, r := range answer.Payload {
			names = append(names, *r.Name)
		}
		return nil
	})
	return names, err
}
