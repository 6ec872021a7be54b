// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// metrics makes what is sent of series. Names, values and texts are those of the series and not copied; the rest is
// allocated at once.
type metrics struct {
	metrics  slab[dto.Metric]
	gauges   slab[dto.Gauge]
	counters slab[dto.Counter]
	untyped  slab[dto.Untyped]
	pairs    slab[*dto.LabelPair]
	labels   slab[dto.LabelPair]
}

func metricsOf(all [][]series, total int) metrics {
	var gauges, counters, untyped, labels int
	for _, part := range all {
		for i := range part {
			labels += len(part[i].labels)
			switch part[i].family.Type {
			case Gauge:
				gauges++
			case Counter:
				counters++
			case Untyped:
				untyped++
			case HistogramType:
			}
		}
	}
	return metrics{
		metrics: slabOf[dto.Metric](total), gauges: slabOf[dto.Gauge](gauges), counters: slabOf[dto.Counter](counters),
		untyped: slabOf[dto.Untyped](untyped), pairs: slabOf[*dto.LabelPair](labels), labels: slabOf[dto.LabelPair](labels),
	}
}

// of returns the metric of a series that does not change any more.
func (m *metrics) of(s *series) *dto.Metric {
	metric := m.metrics.one()
	metric.Label = m.labelPairs(s)
	switch s.family.Type {
	case Gauge:
		metric.Gauge = m.gauges.one()
		metric.Gauge.Value = &s.value
	case Counter:
		metric.Counter = m.counters.one()
		metric.Counter.Value = &s.value
	case Untyped:
		metric.Untyped = m.untyped.one()
		metric.Untyped.Value = &s.value
	case HistogramType:
		metric.Histogram = s.histogram
	}
	return metric
}

// labelPairs pairs names with values, sorted by name as the exposition format's
// users expect.
func (m *metrics) labelPairs(s *series) []*dto.LabelPair {
	if len(s.labels) == 0 {
		return nil
	}
	pairs := m.pairs.some(len(s.labels))
	for i := range s.labels {
		pair := m.labels.one()
		pair.Name, pair.Value = &s.family.Labels[i], &s.labels[i]
		pairs[i] = pair
	}
	slices.SortFunc(pairs, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	return pairs
}
