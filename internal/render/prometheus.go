// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// PrometheusConfig returns prometheus.yml for an installation.
func PrometheusConfig(source []byte, v Values) ([]byte, error) {
	doc, top, err := yamledit.Parse(source)
	if err != nil {
		return nil, err
	}
	p := v.Prometheus
	if err := setDuration(yamledit.Get(top, "global"), "evaluation_interval", p.EvaluationInterval); err != nil {
		return nil, err
	}
	if err := p.setAlertmanagers(top); err != nil {
		return nil, err
	}
	for _, job := range yamledit.Items(yamledit.Get(top, "scrape_configs")) {
		if err := p.setJob(job); err != nil {
			return nil, fmt.Errorf("job %s: %w", yamledit.Scalar(job, "job_name"), err)
		}
	}
	return yamledit.Format(doc)
}

func (p *Prometheus) setAlertmanagers(top *yaml.Node) error {
	for _, group := range yamledit.Items(yamledit.Get(yamledit.Get(top, "alerting"), "alertmanagers")) {
		if err := setTargets(group, p.Alertmanagers); err != nil {
			return err
		}
	}
	return nil
}

func (p *Prometheus) setJob(job *yaml.Node) error {
	switch yamledit.Scalar(job, "job_name") {
	case "dbsync":
		return p.setExporter(job)
	case "dbsync_probe":
		return p.setProbe(job)
	case "prometheus":
		return setTargets(job, list(p.Address))
	case "alertmanager":
		return setTargets(job, p.Alertmanagers)
	}
	return nil
}

func (p *Prometheus) setExporter(job *yaml.Node) error {
	if err := p.setIntervals(job); err != nil {
		return err
	}
	if p.Instance != "" {
		for _, group := range yamledit.Items(yamledit.Get(job, "static_configs")) {
			if err := set(yamledit.Get(group, "labels"), "instance", p.Instance); err != nil {
				return err
			}
		}
	}
	return setTargets(job, list(p.Exporter))
}

func (p *Prometheus) setProbe(job *yaml.Node) error {
	if err := p.setIntervals(job); err != nil || p.Exporter == "" {
		return err
	}
	for _, rule := range yamledit.Items(yamledit.Get(job, "relabel_configs")) {
		if yamledit.Scalar(rule, "target_label") == "__address__" {
			return set(rule, "replacement", p.Exporter)
		}
	}
	return nil
}

// setIntervals keeps the timeout a tenth below the interval: the exporter uses
// all of it and answers just before.
func (p *Prometheus) setIntervals(job *yaml.Node) error {
	if p.ScrapeInterval == 0 {
		return nil
	}
	timeout := model.Duration((time.Duration(p.ScrapeInterval) * 9 / 10).Truncate(time.Millisecond))
	if err := set(job, "scrape_timeout", timeout.String()); err != nil {
		return err
	}
	return setDuration(job, "scrape_interval", p.ScrapeInterval)
}

// setTargets replaces the addresses of the first static group, unless there is
// nothing to put there.
func setTargets(m *yaml.Node, addresses []string) error {
	groups := yamledit.Items(yamledit.Get(m, "static_configs"))
	if len(addresses) == 0 || len(groups) == 0 {
		return nil
	}
	return set(groups[0], "targets", addresses)
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
