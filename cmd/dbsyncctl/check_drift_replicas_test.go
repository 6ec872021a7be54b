// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/consistency"
	"github.com/easy-erp/dbsync/collector/mysql"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// pair is a source and its replica.
type pair struct {
	source, replica *testenv.Server
	toolkit         sandbox.Edition // that knows the servers
}

func TestReplicaTamperedWith(t *testing.T) {
	t.Run("mariadb", func(t *testing.T) {
		p := &pair{toolkit: sandbox.Tools}
		p.source = testenv.MariaDB(t, testenv.WithFlags("--server-id=1", "--log-bin=bin"))
		p.replica = testenv.MariaDB(t, testenv.WithFlags("--server-id=2", "--log-bin=bin", "--log-slave-updates"))
		p.test(t, fmt.Sprintf("CHANGE MASTER TO master_host='127.0.0.1', master_port=%d, master_user='copier', master_password='secret', "+
			"master_use_gtid=slave_pos, master_connect_retry=1", p.source.Port()), "START SLAVE")
	})
	t.Run("mysql", func(t *testing.T) {
		p := &pair{toolkit: sandbox.New}
		flags := []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
		p.source = testenv.MySQL(t, testenv.WithFlags(append(flags, "--server-id=1")...))
		p.replica = testenv.MySQL(t, testenv.WithFlags(append(flags, "--server-id=2")...))
		p.test(t, fmt.Sprintf("CHANGE REPLICATION SOURCE TO source_host='127.0.0.1', source_port=%d, source_user='copier', source_password='secret', "+
			"source_auto_position=1, get_source_public_key=1, source_connect_retry=1", p.source.Port()), "START REPLICA")
	})
}

// test runs the real pt-table-checksum, and looks at the replica with every means there
// is before somebody has tampered with it and after.
func (p *pair) test(t *testing.T, change ...string) {
	var applied strings.Builder // what the replica has to have before it is looked at
	for i := range 200 {
		fmt.Fprintf(&applied, ", (%d, 'customer %d')", i, i)
	}
	p.replica.Exec(t, change[0], change[1])
	p.source.Exec(t, "CREATE USER copier@'%' IDENTIFIED BY 'secret'", "GRANT REPLICATION SLAVE ON *.* TO copier@'%'",
		"CREATE DATABASE erp", "CREATE TABLE erp.customers (id INT PRIMARY KEY, name VARCHAR(20))",
		"CREATE TABLE erp.orders (id INT PRIMARY KEY, total INT)", "INSERT INTO erp.customers VALUES "+applied.String()[2:],
		"INSERT INTO erp.orders SELECT id, id FROM erp.customers", "CREATE DATABASE percona")
	watcher := p.source.Grant(t, "watcher", "GRANT SELECT ON *.* TO {user}")
	tool := p.source.Grant(t, "toolkit", "GRANT ALL ON *.* TO {user}")
	dsn := func(s *testenv.Server) string {
		return fmt.Sprintf("S=%s,u=%s,p=%s", s.Socket(), tool.Name, tool.Password)
	}
	p.source.Exec(t, "CREATE TABLE percona.dsns (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT, dsn VARCHAR(255) NOT NULL)",
		"INSERT INTO percona.dsns (dsn) VALUES ('"+dsn(p.replica)+"')")
	p.arrived(t, "percona.dsns")

	compare := func() string {
		command := testenv.Toolkit(t, p.toolkit, "pt-table-checksum", "--databases=erp", "--no-check-binlog-format", "--recursion-method=dsn=D=percona,t=dsns",
			"--no-check-replication-filters", "--no-version-check", "--set-vars=innodb_lock_wait_timeout=5", dsn(p.source))
		output, _ := command.CombinedOutput() // the exit status tells of differences, too
		if !strings.Contains(string(output), "erp.orders") {
			t.Fatalf("pt-table-checksum:\n%s", output)
		}
		return string(output)
	}
	compare()
	p.arrived(t, "percona.checksums")
	look := p.look(t, watcher)
	before := look()
	want(t, "alike", before, map[string]float64{
		"consistency_different_chunks{customers}": 0, "consistency_different_chunks{orders}": 0, "replication_errant_transactions": 0,
		"replication_gtid_missing_transactions": 0,
	})
	var servers []string
	for _, s := range []*testenv.Server{p.source, p.replica} {
		servers = append(servers, fmt.Sprintf("%s:%s@tcp(%s)/erp", watcher.Name, watcher.Password, s.Addr()))
	}
	drift := append([]string{"check", "drift"}, servers...)
	if code, stdout, stderr := call(drift...); code != exitOK {
		t.Errorf("alike: exit code %d\n%s%s", code, stdout, stderr)
	}

	p.unlogged(t, "UPDATE erp.orders SET total = total + 1 WHERE id = 7", "ALTER TABLE erp.customers ADD COLUMN note TEXT")
	p.replica.Exec(t, "CREATE DATABASE errant")
	if output := compare(); !strings.Contains(output, "erp.orders") {
		t.Error(output)
	}
	p.arrived(t, "percona.checksums")
	testenv.Eventually(t, 20*time.Second, "every means names what was tampered with", func() error {
		after := look()
		if after["consistency_different_chunks{orders}"] != 1 {
			return fmt.Errorf("%v", after)
		}
		want(t, "tampered with", after, map[string]float64{
			"consistency_different_chunks{orders}": 1, "consistency_different_rows{orders}": 0, "replication_errant_transactions": 1,
			"replication_gtid_missing_transactions": 0,
		})
		if print := func(s map[string]float64) []string { return fingerprints(s) }; slices.Equal(print(before), print(after)) {
			t.Errorf("the fingerprint is still %v", print(after))
		}
		return nil
	})
	code, stdout, stderr := call(drift...)
	if code != exitFailure || !strings.Contains(stdout, "erp: column customers.note\n") || strings.Contains(stdout, "orders") {
		t.Errorf("tampered with: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// arrived waits until the replica has what the source has.
func (p *pair) arrived(t *testing.T, table string) {
	t.Helper()
	rows := func(s *testenv.Server) (text string, err error) {
		err = s.Open().QueryRowContext(t.Context(), "SELECT CONCAT(COUNT(*)) FROM "+table).Scan(&text)
		return text, err
	}
	testenv.Eventually(t, 30*time.Second, table+" arrives at the replica", func() error {
		a, errA := rows(p.source)
		b, errB := rows(p.replica)
		if errA != nil || errB != nil || a != b {
			return errors.Join(errA, errB, fmt.Errorf("%s rows, and %s", a, b))
		}
		return nil
	})
}

// unlogged runs statements on the replica that its binary log does not have.
func (p *pair) unlogged(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := p.replica.Open().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range slices.Concat([]string{"SET SESSION sql_log_bin=0"}, statements, []string{"SET SESSION sql_log_bin=1"}) {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// look returns the figures of the replica, told that it has its source, by name{table}.
func (p *pair) look(t *testing.T, account testenv.Account) func() map[string]float64 {
	t.Helper()
	open := func(s *testenv.Server) *mysqld.Server {
		connection, err := mysqld.New(mysqld.Options{
			Name: "test", Address: s.Addr(), User: account.Name, Program: "dbsync-test",
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
		return connection
	}
	defs := consistency.Definitions(consistency.Options{Schemas: []string{"erp"}})
	for _, d := range mysql.Definitions() {
		if d.Name == "mysql.gtid" {
			defs = append(defs, d)
		}
	}
	for i := range defs {
		defs[i].Every = 0
	}
	scraper, err := collector.NewScraper(&collector.Target{Name: "replica", Server: open(p.replica), Source: open(p.source)}, defs)
	if err != nil {
		t.Fatal(err)
	}
	return func() map[string]float64 {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		figures := map[string]float64{}
		for _, f := range scraper.Scrape(ctx) {
			for _, metric := range f.Metric {
				name := strings.TrimPrefix(f.GetName(), "dbsync_")
				for _, l := range metric.Label {
					if l.GetName() == "table" || l.GetName() == "hash" {
						name += "{" + l.GetValue() + "}"
					}
				}
				figures[name] = metric.GetGauge().GetValue()
				if strings.HasSuffix(name, "_success") && figures[name] != 1 {
					t.Error(metric, "failed")
				}
			}
		}
		return figures
	}
}

func want(t *testing.T, when string, figures, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if got, known := figures[name]; !known || got != value {
			t.Errorf("%s: %s is %v (%t), want %v", when, name, got, known, value)
		}
	}
}

// fingerprints are those of the figures.
func fingerprints(figures map[string]float64) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		if strings.HasPrefix(name, "schema_fingerprint_info{") {
			all = append(all, name)
		}
	}
	return all
}
