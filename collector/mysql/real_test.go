// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// scrapeDeadline is Prometheus' default scrape timeout less an offset.
const scrapeDeadline = 9 * time.Second

// connect returns the connection of an account that has the privileges which the
// definitions declare, and no other; it may have as many connections as the
// documentation says.
func connect(t testing.TB, server *testenv.Server, defs ...collector.Definition) *mysqld.Server {
	t.Helper()
	account := server.Grant(t, fmt.Sprintf("dbsync%d", time.Now().UnixNano()%1e12), grantsFor(server, defs)...)
	return login(t, server, account)
}

// login returns the connection of an account. It is closed when the test ends.
func login(t testing.TB, server *testenv.Server, account testenv.Account, change ...func(*mysqld.Options)) *mysqld.Server {
	t.Helper()
	options := mysqld.Options{
		Name: "test", Address: server.Addr(), User: account.Name, Program: "dbsync-test",
		Password: func() (string, error) { return account.Password, nil },
	}
	for _, c := range change {
		c(&options)
	}
	connection, err := mysqld.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return connection
}

// grantsFor returns the statements that give {user} what the definitions declare,
// but for what only the user of a schema can name.
func grantsFor(server *testenv.Server, defs []collector.Definition) []string {
	statements := []string{"ALTER USER {user} WITH MAX_USER_CONNECTIONS 3"}
	for _, d := range defs {
		for _, p := range d.Needs.Privileges[flavour(server)] {
			grant := "GRANT " + p.Name + " ON " + p.On + " TO {user}"
			schema, _, _ := strings.Cut(p.On, ".")
			named := slices.Contains([]string{"*", "mysql", "performance_schema", "sys"}, schema)
			if named && !slices.Contains(statements, grant) {
				statements = append(statements, grant)
			}
		}
	}
	return statements
}

func flavour(server *testenv.Server) collector.Flavour {
	if server.Kind() == sandbox.MariaDB {
		return collector.MariaDB
	}
	return collector.MySQL
}

// scrape runs the collectors once over an account of their own, with the
// documented privileges. It fails the test when one of them fails.
func scrape(t testing.TB, server *testenv.Server, defs ...collector.Definition) families {
	t.Helper()
	return scrapeOver(t, connect(t, server, defs...), defs...)
}

// scrapeOver runs the collectors once over the connection, background ones too.
// It fails the test when one of them, or a source in it, fails.
func scrapeOver(t testing.TB, server collector.Server, defs ...collector.Definition) families {
	t.Helper()
	got := newScraper(t, server, defs...)()
	got.mustSucceed(t)
	return got
}

// newScraper returns a function that scrapes once. The collectors are built now.
func newScraper(t testing.TB, server collector.Server, defs ...collector.Definition) func() families {
	t.Helper()
	onScrape := slices.Clone(defs)
	for i := range onScrape {
		onScrape[i].Every = 0
	}
	scraper, err := collector.NewScraper(&collector.Target{Name: "test", Server: server}, onScrape)
	if err != nil {
		t.Fatal(err)
	}
	return func() families {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), scrapeDeadline)
		defer cancel()
		got := families{}
		for _, f := range scraper.Scrape(ctx) {
			got[f.GetName()] = f
		}
		return got
	}
}

// families is the outcome of a scrape by the families' names.
type families map[string]*dto.MetricFamily

// mustSucceed fails the test when a collector or a source failed.
func (f families) mustSucceed(t testing.TB) {
	t.Helper()
	for _, name := range []string{"dbsync_collector_success", "dbsync_source_success"} {
		for _, m := range f[name].GetMetric() {
			if m.GetGauge().GetValue() != 1 {
				t.Errorf("%s%s is 0", name, labelText(m))
			}
		}
	}
}

// value returns the value of the series whose labels include the given names and
// values: got.value("mysql_global_status_commands_total", "command", "select").
// It is false when there is no such series or more than one.
func (f families) value(name string, labels ...string) (float64, bool) {
	var found []*dto.Metric
	for _, m := range f[name].GetMetric() {
		if hasLabels(m, labels) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		return 0, false
	}
	return number(found[0]), true
}

func hasLabels(m *dto.Metric, want []string) bool {
	for i := 0; i < len(want); i += 2 {
		has := func(l *dto.LabelPair) bool { return l.GetName() == want[i] && l.GetValue() == want[i+1] }
		if !slices.ContainsFunc(m.GetLabel(), has) {
			return false
		}
	}
	return true
}

func number(m *dto.Metric) float64 {
	switch {
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Histogram != nil:
		return float64(m.Histogram.GetSampleCount())
	}
	return m.Untyped.GetValue()
}

// want fails the test unless the series is there and has the value.
func (f families) want(t testing.TB, want float64, name string, labels ...string) {
	t.Helper()
	if got, ok := f.value(name, labels...); !ok || got != want {
		t.Errorf("%s%q = %v (one series: %t), want %v", name, labels, got, ok, want)
	}
}

// wantNone fails the test when there is such a series.
func (f families) wantNone(t testing.TB, name string, labels ...string) {
	t.Helper()
	for _, m := range f[name].GetMetric() {
		if hasLabels(m, labels) {
			t.Errorf("%s%s = %v, want none", name, labelText(m), number(m))
		}
	}
}

// skipped returns the reason for which a collector was skipped, or "".
func (f families) skipped(name string) collector.Reason {
	for _, m := range f["dbsync_collector_skipped"].GetMetric() {
		if hasLabels(m, []string{"collector", name}) {
			for _, l := range m.GetLabel() {
				if l.GetName() == "reason" {
					return collector.Reason(l.GetValue())
				}
			}
		}
	}
	return ""
}

// names lists the families with a prefix, sorted.
func (f families) names(prefix string) []string {
	var names []string
	for name := range f {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func labelText(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.GetLabel() {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}
