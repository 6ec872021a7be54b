// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"context"
	"maps"
	"math"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// What we share with node_exporter is the same there and here, on this machine:
// families, types, labels, series; and the values, where they move slowly.
// Debian patches the default filters, so that the ones we follow are given.
func TestAgreesWithNodeExporter(t *testing.T) {
	theirs := nodeExporter(t)
	target := &collector.Target{Name: "t"}
	s, err := collector.NewScraper(target, []collector.Definition{Definition(Options{})})
	if err != nil {
		t.Fatal(err)
	}
	shared := 0
	for _, our := range scrape(t, s) {
		their := theirs[our.GetName()]
		if their == nil {
			if strings.HasPrefix(our.GetName(), "node_") && !slices.Contains(laterFamilies, our.GetName()) {
				t.Errorf("%s: node_exporter does not have it", our.GetName())
			}
			continue
		}
		shared++
		compareFamilies(t, our, their)
	}
	if shared < 90 {
		t.Errorf("only %d families are shared", shared)
	}
	t.Logf("%d families agree", shared)
}

// What node_exporter got after 1.5, the oldest that the comparison is made with.
var (
	laterFamilies = []string{"node_filesystem_mount_info", "node_pressure_irq_stalled_seconds_total"}
	laterLabels   = []string{"rotational"}
)

// nodeExporter runs it once and returns what it gave.
func nodeExporter(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	program := testenv.Tool(t, sandbox.New, "prometheus-node-exporter", "node_exporter")
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	path, argv := program.Command("--web.listen-address="+address, "--collector.netdev.device-exclude=",
		"--collector.filesystem.mount-points-exclude="+mountPointsExcluded.String(),
		"--collector.filesystem.fs-types-exclude="+fsTypesExcluded.String(),
		"--collector.diskstats.device-exclude="+disksExcluded.String())
	cmd := exec.CommandContext(ctx, path, argv...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // killed: its status says so
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	var resp *http.Response
	var err error
	eventually(t, "node_exporter listens", func() bool {
		resp, err = client.Get("http://" + address + "/metrics") //nolint:bodyclose // closed below
		return err == nil
	})
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func compareFamilies(t *testing.T, our, their *dto.MetricFamily) {
	t.Helper()
	name := our.GetName()
	if our.GetType() != their.GetType() {
		t.Errorf("%s is a %s, node_exporter's a %s", name, our.GetType(), their.GetType())
	}
	ours, others := bySeries(our), bySeries(their)
	for _, series := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := others[series]; !ok {
			t.Errorf("%s{%s}: node_exporter does not have it", name, series)
			continue
		}
		compareValues(t, name+"{"+series+"}", our.GetType(), ours[series], others[series])
	}
	for series := range others {
		if _, ok := ours[series]; !ok {
			t.Errorf("%s{%s}: only node_exporter has it", name, series)
		}
	}
}

// bySeries maps labels to values. An empty label is as good as none.
func bySeries(f *dto.MetricFamily) map[string]float64 {
	values := map[string]float64{}
	for _, m := range f.Metric {
		var labels []string
		for _, l := range m.Label {
			if l.GetValue() != "" && !slices.Contains(laterLabels, l.GetName()) {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
		}
		slices.Sort(labels)
		values[strings.Join(labels, ",")] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
	}
	return values
}

// Gauges that move as they like from one moment to the next.
var restless = []string{
	"node_procs_running", "node_procs_blocked", "node_disk_io_now", "node_load1", "node_load5", "node_load15",
	"node_memory_Dirty_bytes", "node_memory_Writeback_bytes", "node_timex_offset_seconds", "node_nf_conntrack_entries",
	"node_filefd_allocated",
}

// compareValues allows for what changes in the moment between the two: they were
// read in this order, so a counter has grown; a size has changed by a part of
// the machine's.
func compareValues(t *testing.T, series string, kind dto.MetricType, ours, theirs float64) {
	t.Helper()
	family, _, _ := strings.Cut(series, "{")
	switch {
	case slices.Contains(restless, family):
	case kind == dto.MetricType_COUNTER || strings.HasPrefix(family, "node_vmstat_"):
		if ours < theirs-1 || ours > theirs*1.5+1e9 { // idle time may go back a little
			t.Errorf("%s = %v, node_exporter's %v a moment before", series, ours, theirs)
		}
	case strings.HasPrefix(family, "node_memory_") || strings.HasPrefix(family, "node_filesystem_"):
		if tolerance := max(2e9, theirs/10); math.Abs(ours-theirs) > tolerance {
			t.Errorf("%s = %v, node_exporter's %v", series, ours, theirs)
		}
	case math.Abs(ours-theirs) > 60:
		t.Errorf("%s = %v, node_exporter's %v", series, ours, theirs)
	}
}
