// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schemachange_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/schemachange"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// monitor watches a server with the documented grants, at a time of the test's own.
type monitor struct {
	*testing.T
	scraper *collector.Scraper
	ahead   atomic.Int64 // of the clock
	errors  atomic.Int64
	asked   atomic.Int64 // statements
}

func watch(t *testing.T, server *testenv.Server, schema string) *monitor {
	t.Helper()
	grants := []string{"GRANT PROCESS ON *.* TO {user}", "GRANT SELECT, TRIGGER ON " + schema + ".* TO {user}"}
	if server.Kind() != "mariadb" {
		grants = append(grants, "GRANT SELECT ON performance_schema.* TO {user}")
	}
	account := server.Grant(t, "watch_"+schema, grants...)
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
	var definitions []collector.Definition
	for _, d := range schemachange.Definitions() {
		d.Every = 0 // the test decides when
		definitions = append(definitions, d)
	}
	target := &collector.Target{
		Server: counting{connection, m},
		Now:    func() time.Time { return time.Now().Add(time.Duration(m.ahead.Load())) },
	}
	if m.scraper, err = collector.NewScraper(target, definitions); err != nil {
		t.Fatal(err)
	}
	return m
}

// later moves the clock.
func (m *monitor) later(d time.Duration) { m.ahead.Add(int64(d)) }

// counting counts the statements, and those that fail.
type counting struct {
	collector.Server
	m *monitor
}

func (c counting) Query(ctx context.Context, scan func(collector.Row) error, query string, args ...any) error {
	c.m.asked.Add(1)
	err := c.Server.Query(ctx, scan, query, args...)
	if err != nil {
		c.m.errors.Add(1)
		c.m.Logf("failing statement: %v: %.200s", err, query)
	}
	return err
}

func (c counting) Background() collector.Server { return c }

// series are those of a scrape, less "dbsync_schema_change_": name{label="value",…}
// with the labels in the order of their names.
type series map[string]float64

// look collects from both collectors, the tools' objects first.
func (m *monitor) look() series {
	m.Helper()
	all := m.scrape("migration.schema_change_leftovers")
	for name, value := range m.scrape("migration.schema_changes") {
		all[name] = value
	}
	return all
}

func (m *monitor) scrape(collectors string) series {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), 20*time.Second)
	defer cancel()
	all := series{}
	for _, f := range m.scraper.Scrape(ctx, collectors) {
		for _, metric := range f.Metric {
			var labels []string
			for _, l := range metric.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := strings.TrimPrefix(f.GetName(), "dbsync_schema_change_") + "{" + strings.Join(labels, ",") + "}"
			all[name] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
			if strings.HasSuffix(f.GetName(), "_success") && all[name] != 1 {
				m.Error(name, all[name])
			}
		}
	}
	if n := m.errors.Load(); n > 0 {
		m.Errorf("%d statements failed", n)
	}
	return all
}

// of names the series of a change or, with a method and kind, of leftovers.
func changeOf(name, method, schema, table string) string {
	return fmt.Sprintf("%s{method=%q,schema=%q,table=%q}", name, method, schema, table)
}

func left(name, kind, method, schema string) string {
	return fmt.Sprintf("%s{kind=%q,method=%q,schema=%q}", name, kind, method, schema)
}

// filled makes a table of n rows.
func filled(t *testing.T, server *testenv.Server, schema, table string, n int) {
	t.Helper()
	server.Exec(t, fmt.Sprintf("CREATE TABLE %s.%s (id INT PRIMARY KEY AUTO_INCREMENT, a INT, pad VARCHAR(100)) ENGINE = InnoDB", schema, table))
	name := schema + "." + table
	server.Exec(t, "INSERT INTO "+name+" (a, pad) VALUES (1, REPEAT('x', 50))")
	for have := 1; have < n; have *= 2 {
		server.Exec(t, fmt.Sprintf("INSERT INTO %s (a, pad) SELECT RAND() * 1000000, pad FROM %s LIMIT %d", name, name, min(have, n-have)))
	}
	server.Exec(t, "ANALYZE TABLE "+name)
}
