// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
)

// program is the daemon's name in its metrics.
const program = "dbsync_exporter"

// selfName selects the exporter's own metrics in collect[] and exclude[].
const selfName = "exporter"

// self is what the exporter says about itself, beside the outcome of the
// collectors.
type self struct {
	registry    *prometheus.Registry
	lastOK      prometheus.Gauge
	lastSuccess prometheus.Gauge
	errors      *prometheus.CounterVec
}

func newSelf(visitors func() float64) *self {
	s := &self{
		registry: prometheus.NewRegistry(),
		lastOK: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dbsync_config_last_reload_successful",
			Help: "Whether the newest attempt to load the configuration succeeded.",
		}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dbsync_config_last_reload_success_timestamp_seconds",
			Help: "When the configuration in force was loaded, in Unix time.",
		}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dbsync_exporter_http_errors_total",
			Help: "Requests that were answered with an error, by status code.",
		}, []string{"code"}),
	}
	s.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		version.NewCollector(program),
		s.lastOK, s.lastSuccess, s.errors,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "dbsync_exporter_probe_targets",
			Help: "Free-form targets of /probe that are kept with their connections.",
		}, visitors),
	)
	return s
}

func (s *self) loaded(at time.Time) {
	s.lastOK.Set(1)
	s.lastSuccess.Set(float64(at.UnixNano()) / 1e9)
}

func (s *self) failed() { s.lastOK.Set(0) }

func (s *self) countError(code int) { s.errors.WithLabelValues(strconv.Itoa(code)).Inc() }
