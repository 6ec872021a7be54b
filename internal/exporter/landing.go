// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"time"

	"github.com/prometheus/common/version"

	"github.com/easy-erp/dbsync/collector"
)

//go:embed landing.html
var landingHTML string

var landingPage = template.Must(template.New("landing").Funcs(template.FuncMap{
	"seconds": func(d time.Duration) string { return d.Round(time.Microsecond * 10).String() },
	"clock":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
}).Parse(landingHTML))

// landingData is what the page shows.
type landingData struct {
	Version   string
	Metrics   string // path of the default target's metrics
	Pprof     bool
	Lifecycle bool
	Neighbour string // a node_exporter on the same machine
	Targets   []landingTarget
	Visitors  int
}

type landingTarget struct {
	Name, Address, Module, Link string
	Default                     bool
	Collectors                  []collector.Status
}

// landing shows people what is collected and how it went. It collects nothing.
func (e *Exporter) landing(w http.ResponseWriter, _ *http.Request) error {
	g := e.current.Load()
	if g == nil {
		return failure(unavailable, "the exporter is stopping")
	}
	data := landingData{
		Version: version.Version, Metrics: e.options.TelemetryPath, Pprof: e.options.EnablePprof,
		Lifecycle: e.options.EnableLifecycle, Neighbour: neighbour("/proc"), Visitors: g.visitors.count(),
	}
	for _, t := range g.targets {
		data.Targets = append(data.Targets, e.landingTarget(t, t == g.main()))
	}
	var page bytes.Buffer
	if err := landingPage.Execute(&page, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = page.WriteTo(w) // the client went away
	return nil
}

func (e *Exporter) landingTarget(t *target, isDefault bool) landingTarget {
	to := t.plan.target
	shown := landingTarget{
		Name: to.Name, Address: to.Address, Module: to.Module.Name, Default: isDefault, Collectors: t.scraper.Status(),
		Link: "/probe?target=" + to.Name,
	}
	if isDefault {
		shown.Link = e.options.TelemetryPath
	}
	if to.Name == "" {
		shown.Name = "this host"
	}
	return shown
}
