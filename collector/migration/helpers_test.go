// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// monitor reads the migrations of one server with an account of its own.
type monitor struct {
	*testing.T
	scraper                  *collector.Scraper
	statements, errors, rows atomic.Int64
	foreground, read         atomic.Int64 // statements and rows of scrapes alone
}

// documented are the grants that the documentation asks for, for one schema.
func documented(server *testenv.Server, schema string) []string {
	grants := []string{"GRANT PROCESS ON *.* TO {user}", "GRANT SELECT ON `" + schema + "`.* TO {user}"}
	if server.Kind() != "mariadb" {
		grants = append(grants, "GRANT SELECT ON performance_schema.* TO {user}")
	}
	return grants
}

func watch(t *testing.T, server *testenv.Server, opts migration.Options, grants ...string) *monitor {
	t.Helper()
	var ordered []collector.Definition
	for _, d := range migration.Definitions(opts) {
		d.Every = 0 // the test decides when
		ordered = append(ordered, d)
	}
	return watchWith(t, server, ordered, grants...)
}

// watchWith reads what the definitions say, with an account of its own.
func watchWith(t *testing.T, server *testenv.Server, defs []collector.Definition, grants ...string) *monitor {
	t.Helper()
	account := server.Grant(t, fmt.Sprintf("m%x", time.Now().UnixNano()), grants...)
	connection, err := mysqld.New(mysqld.Options{
		Name: "test", Address: server.Addr(), User: account.Name, Program: "dbsync-test",
		Password: func() (string, error) { return account.Password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	})
	m := &monitor{T: t}
	if m.scraper, err = collector.NewScraper(&collector.Target{Server: counting{connection, m, false}}, defs); err != nil {
		t.Fatal(err)
	}
	return m
}

// counting counts the statements that collectors run, and those that fail.
type counting struct {
	collector.Server
	m      *monitor
	behind bool
}

func (c counting) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	c.m.statements.Add(1)
	if !c.behind {
		c.m.foreground.Add(1)
	}
	err := c.Server.Query(ctx, func(row collector.Row) error {
		c.m.rows.Add(1)
		if !c.behind {
			c.m.read.Add(1)
		}
		return scan(row)
	}, query, args...)
	if err != nil {
		c.m.errors.Add(1)
		c.m.Logf("failing statement: %v: %.200s", err, query)
	}
	return err
}

func (c counting) Background() collector.Server { return counting{c.Server.Background(), c.m, true} }

// start begins the background work, until the test ends.
func (m *monitor) start() {
	m.Helper()
	m.scraper.Start()
	m.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := m.scraper.Stop(ctx); err != nil {
			m.Error(err)
		}
	})
}

// series are the series of a scrape: name{label="value",…} in the order of the labels' names, without "dbsync_".
type series map[string]float64

// scrape looks at the folders, looks for histories and then reads them.
func (m *monitor) scrape() series {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), 20*time.Second)
	defer cancel()
	all := series{}
	for _, name := range []string{"migration.discovery", "migration.files", "migration.history"} {
		all.add(m.scraper.Scrape(ctx, name))
	}
	return all
}

func (s series) add(families []*dto.MetricFamily) {
	for _, f := range families {
		for _, metric := range f.Metric {
			var labels []string
			for _, l := range metric.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := strings.TrimPrefix(f.GetName(), "dbsync_")
			if len(labels) > 0 {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			s[name] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
		}
	}
}

// of returns the series of a history under their short names: migration_revisions{state="failed"} of it is
// "revisions failed", and so on, with the values of the labels that tell them apart in the order of the names.
func (s series) of(schema string) map[string]float64 {
	short := map[string]float64{}
	for name, value := range s {
		family, labels, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		family, ours := strings.CutPrefix(family, "migration_")
		if !ours || !strings.Contains(name, fmt.Sprintf("schema=%q", schema)) {
			continue
		}
		words := []string{family}
		for _, label := range strings.Split(labels, `",`) {
			key, text, _ := strings.Cut(label, `="`)
			text = strings.TrimSuffix(text, `"`)
			if key != "schema" && key != "tool" && key != "history" && text != "" {
				words = append(words, text)
			}
		}
		short[strings.Join(words, " ")] = value
	}
	return short
}

// times are the families whose values depend on the clock: expect asks only that they are there.
var times = []string{
	"last_applied_timestamp_seconds", "last_duration_seconds", "lock_acquired_timestamp_seconds",
	"oldest_pending_timestamp_seconds", "revisions_pushed_timestamp_seconds",
}

// expect compares all series of a schema with the wanted ones, one "name labels value" a line. A family of times is
// compared by being there.
func (m *monitor) expect(s series, schema string, want ...string) {
	m.Helper()
	var got []string
	for name, value := range s.of(schema) {
		if slices.Contains(times, name) {
			got = append(got, name)
			continue
		}
		got = append(got, fmt.Sprint(name, " ", value))
	}
	for _, line := range slices.Sorted(slices.Values(want)) {
		if !slices.Contains(got, line) {
			m.Errorf("%s lacks %s", schema, line)
		}
	}
	for _, line := range slices.Sorted(slices.Values(got)) {
		if !slices.Contains(want, line) {
			m.Errorf("%s should not have %s", schema, line)
		}
	}
}

// healthy checks that no collector and no source failed, and that no statement did.
func (m *monitor) healthy(s series) {
	m.Helper()
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if strings.Contains(name, "_success{") && s[name] != 1 {
			m.Error(name, s[name])
		}
	}
	if n := m.errors.Load(); n > 0 {
		m.Errorf("%d statements failed", n)
	}
}

// once scrapes and returns the number of statements that it took.
func (m *monitor) once(t *testing.T) (series, int64) {
	t.Helper()
	before := m.statements.Load()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s := series{}
	s.add(m.scraper.Scrape(ctx, "migration.history"))
	return s, m.statements.Load() - before
}
