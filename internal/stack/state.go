// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// State is what a person wants to see at one time.
type State struct {
	Dir       string
	Services  []Service
	Alerts    []Alert // pending and firing, the worst first; what is only informing is left out
	AlertsErr error   // why they are not known
	Faults    []FaultState
	Delivered []Delivery // the newest last
	Heartbeat time.Time  // when the watchdog was heard last
}

// Service is something that runs.
type Service struct{ Name, Address, Detail string }

// Alert is an alert of Prometheus.
type Alert struct {
	Name, Severity, Where, Summary string
	Firing                         bool // false: pending
	Since                          time.Time
}

// State looks at everything; ctx bounds the question to Prometheus.
func (s *Stack) State(ctx context.Context) State {
	state := State{Dir: s.Dir(), Services: s.services(), Faults: s.Faults()}
	state.Alerts, state.AlertsErr = s.Alerts(ctx)
	state.Delivered, state.Heartbeat = s.inbox.state()
	return state
}

func (s *Stack) services() []Service {
	all := []Service{
		{"exporter", "http://" + s.at.exporter, "metrics, landing page"},
		{"prometheus", s.prometheus.URL() + "/alerts", "rules and alerts"},
		{"alertmanager", s.alertmanager.URL(), "routes, silences"},
		{"receivers", s.inbox.hook.URL(), "Slack, webhooks, SMS; mail on " + s.inbox.mailbox.Addr()},
	}
	database := Service{"database", s.login.Addr, "yours, only read"}
	if s.company != nil {
		database = Service{"database", s.company.server.Addr(), s.company.server.Version() + ", socket " + s.company.server.Socket()}
	}
	return append([]Service{database}, all...)
}

// PrometheusURL is where Prometheus answers.
func (s *Stack) PrometheusURL() string { return s.prometheus.URL() }

// AlertmanagerURL is where Alertmanager answers.
func (s *Stack) AlertmanagerURL() string { return s.alertmanager.URL() }

// ExporterURL is where the exporter answers.
func (s *Stack) ExporterURL() string { return "http://" + s.at.exporter }

// Alerts asks Prometheus for what is pending and firing.
func (s *Stack) Alerts(ctx context.Context) ([]Alert, error) {
	client, err := api.NewClient(api.Config{Address: s.prometheus.URL()})
	if err != nil {
		return nil, err
	}
	result, err := prometheus.NewAPI(client).Alerts(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus: %w", err)
	}
	var alerts []Alert
	for _, a := range result.Alerts {
		if severity := a.Labels["severity"]; severity == "critical" || severity == "warning" {
			alerts = append(alerts, readAlert(a))
		}
	}
	slices.SortFunc(alerts, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
	return alerts, nil
}

func readAlert(a prometheus.Alert) Alert {
	var where []string
	for _, label := range []model.LabelName{"instance", "schema", "history", "backup", "path", "mountpoint", "collector", "source"} {
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
