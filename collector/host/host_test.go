// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/easy-erp/dbsync/collector"
)

var update = flag.Bool("update", false, "rewrite testdata/golden.prom")

func TestGolden(t *testing.T) {
	got := exposition(t, scrape(t, newScraper(t, fixtureOptions(t))))
	const file = "testdata/golden.prom"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	expected, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range missing(expected, got) {
		t.Errorf("missing: %s", line)
	}
	for _, line := range missing(got, expected) {
		t.Errorf("unexpected: %s", line)
	}
}

// volatile families differ from run to run, or with the size of a page.
var volatile = []string{"dbsync_collector_duration_seconds", "dbsync_process_resident_memory_bytes"}

// exposition writes the families with their series in order.
func exposition(t *testing.T, families []*dto.MetricFamily) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, f := range families {
		if slices.Contains(volatile, f.GetName()) {
			continue
		}
		slices.SortFunc(f.Metric, func(a, b *dto.Metric) int { return slices.Compare(labelsOf(a), labelsOf(b)) })
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func labelsOf(m *dto.Metric) []string {
	var labels []string
	for _, l := range m.Label {
		labels = append(labels, l.GetName()+"="+l.GetValue())
	}
	return labels
}

func missing(want, got []byte) []string {
	lines := strings.Split(string(got), "\n")
	return slices.DeleteFunc(strings.Split(string(want), "\n"), func(l string) bool { return slices.Contains(lines, l) })
}

// inherited are the problems of names that keep node_exporter's form, which is
// that of /proc/meminfo.
var inherited = []string{
	"node_memory_AnonHugePages_bytes", "node_memory_AnonPages_bytes", "node_memory_CommitLimit_bytes",
	"node_memory_HardwareCorrupted_bytes", "node_memory_HugePages_Free", "node_memory_HugePages_Rsvd",
	"node_memory_HugePages_Surp", "node_memory_HugePages_Total", "node_memory_KernelStack_bytes",
	"node_memory_MemAvailable_bytes", "node_memory_MemFree_bytes", "node_memory_MemTotal_bytes",
	"node_memory_PageTables_bytes", "node_memory_SwapCached_bytes", "node_memory_SwapFree_bytes",
	"node_memory_SwapTotal_bytes", "node_memory_VmallocUsed_bytes",
}

func TestPromlint(t *testing.T) {
	problems, err := promlint.NewWithMetricFamilies(scrape(t, newScraper(t, fixtureOptions(t)))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !slices.Contains(inherited, p.Metric) || !strings.Contains(p.Text, "snake_case") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// What is emitted is declared, and on the fixture what is declared is emitted.
func TestDeclarations(t *testing.T) {
	declared := map[string]bool{}
	for _, f := range families() {
		declared[f.Name] = true
	}
	for _, f := range collector.SelfFamilies() {
		declared[f.Name] = true
	}
	emitted := map[string]bool{}
	for _, f := range scrape(t, newScraper(t, fixtureOptions(t))) {
		emitted[f.GetName()] = true
		if !declared[f.GetName()] {
			t.Errorf("%s is not declared", f.GetName())
		}
	}
	for _, f := range families() {
		if !emitted[f.Name] {
			t.Errorf("%s is declared and not emitted", f.Name)
		}
	}
}

func TestDefinitionIsValid(t *testing.T) {
	if err := collector.Validate([]collector.Definition{Definition(Options{})}); err != nil {
		t.Error(err)
	}
}
