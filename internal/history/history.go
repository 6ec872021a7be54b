// SPDX-License-Identifier: Apache-2.0

// Package history tells what fired and when, from Prometheus' own record: the
// series ALERTS, which lasts as long as Prometheus keeps its data.
package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Episode is a time for which an alert fired.
type Episode struct {
	ID       string            `json:"id"` // of the alert, and when it began
	RuleID   string            `json:"ruleId"`
	RuleName string            `json:"ruleName"` // the alert's name
	Severity string            `json:"severity"`
	Status   string            `json:"status"` // firing or resolved
	Labels   map[string]string `json:"labels"`
	From     time.Time         `json:"startsAt"`
	To       time.Time         `json:"endsAt"` // of one that fires: when it was seen last
	// What a [Record] tells of it.
	Acknowledged *Acknowledgement `json:"acknowledged,omitempty"`
	Notified     []Notification   `json:"notified,omitempty"` // each receiver once, in order
}

// Acknowledgement is who took an alert first.
type Acknowledgement struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// After is how long the alert had fired by then, by Alertmanager's clock.
	After time.Duration `json:"-"`
}

// Notification is that a receiver was told.
type Notification struct {
	Receiver string    `json:"receiver"`
	At       time.Time `json:"at"`
}

// The values of an episode's status.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// maxPoints is less than Prometheus gives of one series (11 000).
const maxPoints = 10_000

// Step is how exact the times are that [Read] returns: a minute, or more over a
// long time.
func Step(since time.Duration) time.Duration {
	return max(time.Minute, (since / maxPoints).Round(time.Minute))
}

// Read returns the episodes of critical and warning alerts that fired within a
// time before now, the newest first. The times are exact to [Step].
func Read(ctx context.Context, api prometheus.API, now time.Time, since time.Duration) ([]Episode, error) {
	step := Step(since)
	value, _, _, err := api.QueryRange(ctx, `ALERTS{alertstate="firing", severity=~"critical|warning"}`,
		prometheus.Range{Start: now.Add(-since), End: now, Step: step})
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus for what fired: %w", err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("ask Prometheus for what fired: %s where a matrix was expected", value.Type())
	}
	episodes := []Episode{}
	for _, series := range matrix {
		episodes = append(episodes, split(series, step, now)...)
	}
	slices.SortStableFunc(episodes, func(a, b Episode) int { return b.From.Compare(a.From) })
	return episodes, nil
}

// split takes a series apart where it has a hole.
func split(series *model.SampleStream, step time.Duration, now time.Time) []Episode {
	var episodes []Episode
	for _, sample := range series.Values {
		at := sample.Timestamp.Time()
		if n := len(episodes); n > 0 && at.Sub(episodes[n-1].To) <= step+step/2 {
			episodes[n-1].To = at
			continue
		}
		episodes = append(episodes, newEpisode(series.Metric, at))
	}
	if n := len(episodes); n > 0 && now.Sub(episodes[n-1].To) < step {
		episodes[n-1].Status = Firing
	}
	return episodes
}

func newEpisode(metric model.Metric, from time.Time) Episode {
	labels := map[string]string{}
	for name, value := range metric {
		if name != model.MetricNameLabel && name != "alertstate" {
			labels[string(name)] = string(value)
		}
	}
	return Episode{
		ID:     fmt.Sprintf("%s-%d", model.Fingerprint(model.LabelsToSignature(labels)), from.Unix()),
		RuleID: labels["rule_id"], RuleName: labels[model.AlertNameLabel], Severity: labels["severity"],
		Status: Resolved, Labels: labels, From: from, To: from,
	}
}
