// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
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

// SelfFamilies declares the exporter's own families, beside those that
// [collector.SelfFamilies] declares for each target and those that every Go
// program has.
func SelfFamilies() ([]collector.Family, error) {
	s := newSelf(func() float64 { return 0 })
	s.countError(http.StatusBadRequest) // so that there is a series to see
	gathered, err := s.registry.Gather()
	var own []collector.Family
	for _, f := range gathered {
		if !strings.HasPrefix(f.GetName(), "dbsync_") {
			continue
		}
		one := collector.Family{Name: f.GetName(), Help: f.GetHelp(), Source: "the exporter"}
		if f.GetType() == dto.MetricType_COUNTER {
			one.Type = collector.Counter
		}
		for _, l := range f.GetMetric()[0].GetLabel() {
			one.Labels = append(one.Labels, l.GetName())
		}
		own = append(own, one)
	}
	return own, err
}
