// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/collector"
)

// childVariable makes the test's program a child that lives until its standard
// input ends.
const childVariable = "DBSYNC_HOST_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	goleak.VerifyTestMain(m)
}

// fixtureNow is when fixtures are read.
var fixtureNow = time.Unix(1795492655, 250e6)

const udevProperties = `S:disk/by-id/ata-X
E:ID_MODEL=MODEL_1
E:ID_PATH=pci-0000:00:1f.2-ata-1
E:ID_REVISION=RV1
E:ID_SERIAL=MODEL_1_SER123
E:ID_SERIAL_SHORT=SER123
E:ID_WWN=0x5000
`

// fixture copies testdata/root into a folder of the test's own and adds what a
// Go module cannot hold: links, and names with a colon.
func fixture(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for _, err := range []error{
		os.CopyFS(root, os.DirFS("testdata/root")),
		os.Symlink("4242", filepath.Join(root, "proc/self")),
		os.MkdirAll(filepath.Join(root, "run/udev/data"), 0o755),
		os.WriteFile(filepath.Join(root, "run/udev/data/b8:0"), []byte(udevProperties), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func write(t testing.TB, root, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, root string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// fakeSystem is a machine whose mounts are all alike, save one that refuses.
func fakeSystem(root string) *system {
	return &system{
		statfs: func(path string) (usage, error) {
			if path == filepath.Join(root, "home/user/doc") {
				return usage{}, os.ErrPermission
			}
			return usage{size: 4e9, free: 2e9, avail: 1.5e9, files: 1000, filesFree: 900}, nil
		},
		uname: func() (uname, error) {
			return uname{"Linux", "6.1.0", "#1 SMP", "x86_64", "db1", "(none)"}, nil
		},
		clock: func() (clock, error) {
			return clock{synced: true, offset: 1e-4, maxError: 0.5, estimatedError: 0.25, frequency: 1, tai: 37, status: 8193}, nil
		},
	}
}

func fixtureOptions(t testing.TB) Options {
	root := fixture(t)
	return Options{
		Root: root, Processes: []string{"mysqld", "mariadbd"},
		Paths:  []Path{{"datadir", "/var/lib/mysql"}, {"backup", "/backup"}},
		system: fakeSystem(root),
	}
}

func newScraper(t testing.TB, opts Options) *collector.Scraper {
	t.Helper()
	target := &collector.Target{Name: "t", Now: func() time.Time { return fixtureNow }}
	s, err := collector.NewScraper(target, []collector.Definition{Definition(opts)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scrape ends long before the bounds that a healthy collector never meets.
func scrape(t testing.TB, s *collector.Scraper) []*dto.MetricFamily {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return s.Scrape(ctx)
}

// value finds the first series that has the labels, given as name and value in
// turn.
func value(families []*dto.MetricFamily, name string, labels ...string) (float64, bool) {
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.Metric {
			if hasLabels(m, labels) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue(), true
			}
		}
	}
	return 0, false
}

func hasLabels(m *dto.Metric, labels []string) bool {
	got := map[string]string{}
	for _, l := range m.Label {
		got[l.GetName()] = l.GetValue()
	}
	for i := 0; i < len(labels); i += 2 {
		if got[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

func want(t *testing.T, families []*dto.MetricFamily, expected float64, name string, labels ...string) {
	t.Helper()
	if got, ok := value(families, name, labels...); !ok || got != expected {
		t.Errorf("%s%v = %v (there: %v), want %v", name, labels, got, ok, expected)
	}
}

func wantAbsent(t *testing.T, families []*dto.MetricFamily, name string, labels ...string) {
	t.Helper()
	if got, ok := value(families, name, labels...); ok {
		t.Errorf("%s%v = %v, want it absent", name, labels, got)
	}
}

func wantSource(t *testing.T, families []*dto.MetricFamily, ok bool, name string) {
	t.Helper()
	want(t, families, collector.Bool(ok), "dbsync_source_success", "source", name)
}

// eventually waits for a condition that something else brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
