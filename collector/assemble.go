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
	total := 64
	for i := range views {
		views[i].report(self)
		total += len(views[i].series)
	}
	families := make(map[string]*dto.MetricFamily, total)
	for i := range views {
		merge(families, views[i].series)
	}
	merge(families, self.series)
	out := make([]*dto.MetricFamily, 0, len(families))
	for _, f := range families {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

func merge(families map[string]*dto.MetricFamily, all []series) {
	for _, s := range all {
		f := families[s.name]
		if f == nil {
			f = &dto.MetricFamily{Name: &s.name, Help: &s.family.Help, Type: s.family.Type.dto()}
			families[s.name] = f
		}
		f.Metric = append(f.Metric, s.metric)
	}
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
		out.Emit(&sourceFamily, Bool(v.sources[source]), name, source)
	}
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
