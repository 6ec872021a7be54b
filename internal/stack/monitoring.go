// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/easy-erp/dbsync/alertmanager"
	"github.com/easy-erp/dbsync/internal/proc"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/prometheus"
	"github.com/easy-erp/dbsync/rules"
)

// Retention as the shipped files ask for it: ALERTS and silences are the only record of what happened.
const (
	prometheusRetention   = "--storage.tsdb.retention.time=90d"
	alertmanagerRetention = "--data.retention=2160h"
)

// resendDelay is Prometheus' own: how soon an alert is sent again that went out before Alertmanager was there.
const resendDelay = time.Minute

// addresses are where the parts listen, as host:port.
type addresses struct{ exporter, prometheus, alertmanager, grafana string }

func (s *Stack) chooseAddresses() error {
	var errs []error
	for _, part := range []struct {
		name string
		port int
		into *string
	}{
		{"exporter", ExporterPort, &s.at.exporter},
		{"prometheus", PrometheusPort, &s.at.prometheus},
		{"alertmanager", AlertmanagerPort, &s.at.alertmanager},
		{"grafana", GrafanaPort, &s.at.grafana},
	} {
		if part.name == "grafana" && s.options.Programs.Grafana.Path == "" {
			continue
		}
		port, err := s.port(part.name, part.port)
		errs = append(errs, err)
		*part.into = proc.Loopback(port)
	}
	return errors.Join(errs...)
}

// renderFiles writes the shipped files with this stack's values.
func (s *Stack) renderFiles() error {
	source := render.Source{Prometheus: prometheus.Config, Rules: rules.Files, Alertmanager: alertmanager.Files}
	notes, err := render.Write(s.folder.root, source, s.values())
	for _, note := range notes {
		s.say("alertmanager", "%s", note)
	}
	return err
}

// values are where this stack's parts are and how long they wait.
func (s *Stack) values() render.Values {
	plain := false
	hook := s.inbox.hook.URL()
	v := render.Values{
		Alertmanager: render.Alertmanager{
			SMTP:  render.SMTP{Smarthost: s.inbox.mailbox.Addr(), From: "dbsync@example.com", RequireTLS: &plain},
			Scale: s.options.Pace,
			Receivers: map[string]render.Receiver{
				"email_admin":    {Email: &render.Email{To: []string{"admin@example.com", "dba@example.com"}}},
				"slack_dev":      {Slack: &render.Slack{URL: hook + pathSlackDev, Channel: "#database-alerts"}},
				"slack_ops":      {Slack: &render.Slack{URL: hook + pathSlackOps, Channel: "#database-ops"}},
				"webhook_oncall": {Webhook: &render.Webhook{URL: hook + pathOncall}},
				"sms_oncall":     {Webhook: &render.Webhook{URL: hook + pathSMS}},
				"watchdog":       {Webhook: &render.Webhook{URL: hook + pathWatchdog}},
			},
		},
		Prometheus: render.Prometheus{
			Address: s.at.prometheus, Exporter: s.at.exporter, Instance: Instance,
			Alertmanagers: []string{s.at.alertmanager},
		},
		Rules: render.Rules{Scale: s.options.Pace},
	}
	if s.at.grafana != "" {
		v.Rules.GrafanaURL = "http://" + s.at.grafana
	}
	if s.options.Values != nil {
		s.options.Values(&v)
	}
	return v
}

func (s *Stack) startAlertmanager(ctx context.Context) error {
	options := s.service(s.options.Programs.Alertmanager, s.at.alertmanager, alertmanagerRetention)
	config := filepath.Join(s.folder.root, "alertmanager", "alertmanager.yml")
	service, err := s.startService(ctx, "alertmanager", sandbox.ServeAlertmanager(options, config))
	s.alertmanager = service
	return err
}

func (s *Stack) startPrometheus(ctx context.Context) error {
	options := s.service(s.options.Programs.Prometheus, s.at.prometheus, prometheusRetention)
	resend := max(time.Duration(float64(resendDelay)*s.options.Pace), time.Second)
	options.Flags = append(options.Flags, "--rules.alert.resend-delay="+resend.String())
	config := filepath.Join(s.folder.root, "prometheus", "prometheus.yml")
	service, err := s.startService(ctx, "prometheus", sandbox.ServePrometheus(options, config))
	s.prometheus = service
	return err
}

func (s *Stack) service(program sandbox.Program, address, retention string) sandbox.ServiceOptions {
	return sandbox.ServiceOptions{Program: program, Port: portOf(address), Flags: []string{retention, "--web.external-url=http://" + address}}
}

func (s *Stack) startService(ctx context.Context, name string, options sandbox.ServiceOptions) (*sandbox.Service, error) {
	var err error
	if options.Log, err = s.logFile(name); err != nil {
		return nil, err
	}
	if options.Dir, err = s.folder.below(serversName, 0o711); err != nil {
		return nil, err
	}
	service, err := sandbox.StartService(ctx, options)
	if err != nil {
		return nil, err
	}
	s.atEnd(service.Stop)
	s.say(name, "%s", service.URL())
	return service, nil
}
