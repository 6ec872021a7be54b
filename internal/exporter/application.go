// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"path/filepath"
	"regexp"

	"github.com/easy-erp/dbsync/collector/app"
	"github.com/easy-erp/dbsync/internal/config"
)

// application turns the plan into the options of the layer above the database. The
// configuration has checked the expressions.
func (p plan) application() app.Options {
	o := app.Options{StateDir: filepath.Join(p.stateDir, "logs")}
	for _, a := range p.host.apis {
		o.APIs = append(o.APIs, app.API{
			Name: a.Name, AccessLog: a.AccessLog, Routes: a.Routes, Objective: a.Objective, Latency: a.Latency,
			Format: app.Format{Name: a.Format, Fields: a.Fields, Unit: a.Unit, Pattern: compiled(a.Pattern)},
			Probe:  probe(a.Probe),
		})
	}
	for _, l := range p.host.logs {
		log := app.Log{
			Name: l.Name, Path: l.Path, Format: l.Format, Patterns: map[string]*regexp.Regexp{},
			ExpectedInterval: l.ExpectedInterval,
		}
		for name, pattern := range l.Patterns {
			log.Patterns[name] = compiled(pattern)
		}
		o.Logs = append(o.Logs, log)
	}
	return o
}

func probe(p config.Probe) *app.Probe {
	if p.URL == "" {
		return nil
	}
	return &app.Probe{
		URL: p.URL, Method: p.Method, Codes: p.Codes, Body: compiled(p.Body), Timeout: p.Timeout, CAFile: p.CAFile,
	}
}

// compiled returns nil for no expression.
func compiled(expression string) *regexp.Regexp {
	if expression == "" {
		return nil
	}
	return regexp.MustCompile(expression)
}
