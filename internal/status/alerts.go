// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Alert is an alert of Prometheus.
type Alert struct {
	Name     string    `json:"name"`
	Severity string    `json:"severity"`
	Where    string    `json:"where"` // what it is about, from the server down to the object
	Summary  string    `json:"summary"`
	Firing   bool      `json:"firing"` // false: pending
	Since    time.Time `json:"since"`
}

// Alerts returns what is pending and firing, the worst first. What is only informing is left out.
func Alerts(ctx context.Context, api prometheus.API) ([]Alert, error) {
	result, err := api.Alerts(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus: %w", err)
	}
	alerts := []Alert{}
	for _, a := range result.Alerts {
		if severity := a.Labels["severity"]; severity == "critical" || severity == "warning" {
			alerts = append(alerts, read(a))
		}
	}
	slices.SortFunc(alerts, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since), cmp.Compare(a.Name+a.Where, b.Name+b.Where))
	})
	return alerts, nil
}

func read(a prometheus.Alert) Alert {
	var where []string
	for _, label := range []model.LabelName{
		"instance", "schema", "history", "backup", "path", "mountpoint", "channel", "process", "run_type", "task", "collector", "source",
	} {
		if value := a.Labels[label]; value != "" {
			where = append(where, string(value))
		}
	}
	return Alert{
		Name: string(a.Labels["alertname"]), Severity: string(a.Labels["severity"]),
		Where: strings.Join(where, " "), Summary: string(a.Annotations["summary"]),
		Firing: a.State == prometheus.AlertStateFiring, Since: a.ActiveAt,
	}
}

// rank puts what fires before what is pending, and critical before warning.
func rank(a Alert) int {
	r := 0
	if !a.Firing {
		r += 2
	}
	if a.Severity != "critical" {
		r++
	}
	return r
}
