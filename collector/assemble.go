// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// The families in which a scrape reports on itself.
var (
	successFamily = Family{
		Name: "dbsync_collector_success", Labels: []string{"collector"},
		Help:   "Whether the collector's newest run, all of its sources included, was fine. Absent while it is skipped.",
		Source: "the exporter",
	}
	durationFamily = Family{
		Name: "dbsync_collector_duration_seconds", Labels: []string{"collector"},
		Help: "Seconds that the collector's newest run took.", Source: "the exporter",
	}
	skippedFamily = Family{
		Name: "dbsync_collector_skipped", Labels: []string{"collector", "reason"},
		Help:   "1 when the collector does not apply to this target: unsupported, unprivileged or unconfigured.",
		Source: "the exporter",
	}
	sourceFamily = Family{
		Name: "dbsync_source_success", Labels: []string{"collector", "source"},
		Help:   "Whether the source (a history, a backup, a log, a group of queries) was read whole. Absent when it does not apply.",
		Source: "the exporter",
	}
	droppedFamily = Family{
		Name: "dbsync_series_dropped", Labels: []string{"collector"},
		Help: "Series that the newest run gave beyond the cap of their family, and that are missing.", Source: "the exporter",
	}
	duplicatesFamily = Family{
		Name: "dbsync_duplicate_series_dropped", Labels: []string{"collector"},
		Help: "Series that the newest run gave twice; the first was kept.", Source: "the exporter",
	}
	panicsFamily = Family{
		Name: "dbsync_collector_panics_total", Labels: []string{"collector"}, Type: Counter,
		Help: "Panics of the collector, each of which failed one run or source.", Source: "the exporter",
	}
	snapshotFamily = Family{
		Name: "dbsync_collector_snapshot_timestamp_seconds", Labels: []string{"collector"},
		Help:   "When the series of a background collector were read, in Unix time.",
		Source: "the exporter",
	}
	intervalFamily = Family{
		Name: "dbsync_collector_snapshot_interval_seconds", Labels: []string{"collector"},
		Help:   "The interval on which a background collector reads.",
		Source: "the exporter",
	}
	selfFamilies = []*Family{
		&successFamily, &durationFamily, &skippedFamily, &sourceFamily, &droppedFamily,
		&duplicatesFamily, &panicsFamily, &snapshotFamily, &intervalFamily,
	}
)

// SelfFamilies declares what every scrape reports about itself.
func SelfFamilies() []*Family { return slices.Clone(selfFamilies) }

// assemble merges what was seen of all collectors into families sorted by name.
func assemble(views []view) []*dto.MetricFamily {
	self := &Sink{run: newRun("", nil)}
	all := make([][]series, 0, len(views)+1)
	for _, v := range views {
		v.report(self)
		all = append(all, v.series)
	}
	all = append(all, self.series)

	m := newMerger(all)
	for _, part := range all {
		m.count(part)
	}
	for _, part := range all {
		m.fill(part)
	}
	return m.sorted()
}

// merger puts series of one name into one family. It counts first, so that each
// family's series lie side by side in one array.
type merger struct {
	families map[string]*merged
	memory   slab[merged]
	metrics  metrics
	places   []*dto.Metric // what is left of the array
}

func newMerger(all [][]series) *merger {
	total := 0
	for _, part := range all {
		total += len(part)
	}
	return &merger{families: make(map[string]*merged, total), metrics: metricsOf(all, total), places: make([]*dto.Metric, total)}
}

// merged is a family in the making.
type merged struct {
	family dto.MetricFamily
	kind   dto.MetricType
	size   int
}

func (m *merger) count(all []series) {
	for i := range all {
		s := &all[i]
		f := m.families[s.name]
		if f == nil {
			f = m.memory.one()
			f.kind = s.family.Type.dto()
			f.family.Name, f.family.Help, f.family.Type = &s.name, &s.family.Help, &f.kind
			m.families[s.name] = f
		}
		f.size++
	}
}

func (m *merger) fill(all []series) {
	for i := range all {
		s := &all[i]
		f := m.families[s.name]
		if f.family.Metric == nil {
			f.family.Metric, m.places = m.places[:0:f.size], m.places[f.size:]
		}
		f.family.Metric = append(f.family.Metric, m.metrics.of(s))
	}
}

func (m *merger) sorted() []*dto.MetricFamily {
	out := make([]*dto.MetricFamily, 0, len(m.families))
	for _, f := range m.families {
		out = append(out, &f.family)
	}
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

// report writes the collector's outcome.
func (v view) report(out *Sink) {
	name := v.def.Name
	if v.def.Every > 0 {
		out.Emit(&intervalFamily, v.def.Every.Seconds(), name)
	}
	if !v.snapshot.IsZero() {
		out.Emit(&snapshotFamily, unixSeconds(v.snapshot), name)
	}
	if v.pending {
		return
	}
	out.Emit(&durationFamily, v.duration.Seconds(), name)
	out.Emit(&panicsFamily, float64(v.panics), name)
	var skip *SkipError
	if errors.As(v.err, &skip) {
		out.Emit(&skippedFamily, 1, name, string(skip.Reason))
		return
	}
	out.Emit(&successFamily, Bool(v.err == nil), name)
	out.Emit(&droppedFamily, float64(v.dropped), name)
	out.Emit(&duplicatesFamily, float64(v.duplicates), name)
	for _, source := range slices.Sorted(maps.Keys(v.sources)) {
		out.Emit(&sourceFamily, Bool(v.sources[source] == nil), name, source)
	}
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
