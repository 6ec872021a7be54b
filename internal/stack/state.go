// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/easy-erp/dbsync/internal/status"
)

// State is what a person wants to see at one time.
type State struct {
	Dir       string
	Services  []Service
	Alerts    []status.Alert // pending and firing, the worst first; what is only informing is left out
	AlertsErr error          // why they are not known
	Faults    []FaultState
	Delivered []Delivery // the newest last
	Heartbeat time.Time  // when the watchdog was heard last
}

// Service is something that runs.
type Service struct{ Name, Address, Detail string }

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
	if grafana := s.grafana.Load(); grafana != nil {
		all = append(all, Service{"grafana", grafana.URL(), "dashboards"})
	}
	database := Service{"database", s.login.Addr, "yours, only read"}
	if s.company != nil {
		database = Service{"database", s.company.server.Addr(), s.company.server.Version() + ", a company at work"}
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
func (s *Stack) Alerts(ctx context.Context) ([]status.Alert, error) {
	client, err := api.NewClient(api.Config{Address: s.prometheus.URL()})
	if err != nil {
		return nil, err
	}
	return status.Alerts(ctx, prometheus.NewAPI(client))
}
