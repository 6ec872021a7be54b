// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// alertPath is what is between a fault and a message.
type alertPath struct {
	dir                      string
	prometheus, alertmanager *sandbox.Service
}

// startPath renders the shipped files for these targets and receivers and starts
// what reads them. Whoever starts it stops it.
func startPath(ctx context.Context, edition sandbox.Edition, fleet *fleet, messages *receiver) (_ *alertPath, err error) {
	p := &alertPath{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop())
		}
	}()
	if p.dir, err = os.MkdirTemp("", "dbsync-alerts-"); err != nil {
		return nil, err
	}
	values := render.Values{Alertmanager: render.Alertmanager{Receivers: map[string]render.Receiver{}}}
	for _, name := range append(render.Seed(), "watchdog") {
		values.Alertmanager.Receivers[name] = render.Receiver{Webhook: &render.Webhook{URL: messages.url(name)}}
	}
	// Alertmanager first: where it answers is in Prometheus' file.
	if err := p.render(values); err != nil {
		return nil, err
	}
	program, err := sandbox.FindAlertmanager(edition)
	if err != nil {
		return nil, err
	}
	p.alertmanager, err = sandbox.StartService(ctx, sandbox.ServeAlertmanager(sandbox.ServiceOptions{Program: program},
		filepath.Join(p.dir, "alertmanager", "alertmanager.yml")))
	if err != nil {
		return nil, err
	}
	values.Prometheus = render.Prometheus{
		Exporter: fleet.address(), Instance: "exporter", Targets: fleet.names, Alertmanagers: []string{p.alertmanager.Addr()},
	}
	if err := p.render(values); err != nil {
		return nil, err
	}
	if program, err = sandbox.FindPrometheus(edition); err != nil {
		return nil, err
	}
	p.prometheus, err = sandbox.StartService(ctx, sandbox.ServePrometheus(sandbox.ServiceOptions{Program: program},
		filepath.Join(p.dir, "prometheus", "prometheus.yml")))
	return p, err
}

func (p *alertPath) render(values render.Values) error {
	_, err := render.Write(p.dir, pack.Source(), values)
	return err
}

func (p *alertPath) stop() error {
	var errs []error
	for _, service := range []*sandbox.Service{p.prometheus, p.alertmanager} {
		if service != nil {
			errs = append(errs, service.Stop())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(p.dir))...)
}
