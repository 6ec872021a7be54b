// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schemachange_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// process is a command that is killed at the latest when the test ends.
type process struct {
	*exec.Cmd
	output output
	ended  bool
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func start(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: command}
	p.Stdout, p.Stderr = &p.output, &p.output
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	if !p.ended {
		p.ended = true
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}

// TestPtOnlineSchemaChange: the real tool is seen at work, and what is left when it is killed.
func TestPtOnlineSchemaChange(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	schema := server.Schema(t)
	filled(t, server, schema, "orders", 100_000)
	account := server.Grant(t, "ptosc", "GRANT ALL ON *.* TO {user}")
	host, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	m := watch(t, server, schema)
	p := start(t, testenv.Toolkit(t, sandbox.Tools, "pt-online-schema-change", "--execute", "--no-check-replication-filters", "--recursion-method=none",
		"--chunk-size=2000", "--chunk-time=0", "--sleep=0.1", "--alter=ADD COLUMN b INT",
		fmt.Sprintf("h=%s,P=%s,u=%s,p=%s,D=%s,t=orders", host, port, account.Name, account.Password, schema)))

	of := func(name string) string { return changeOf(name, "pt-osc", schema, "orders") }
	testenv.Eventually(t, 30*time.Second, "it is seen at work", func() error {
		s := m.look()
		if s[of("running")] != 1 || s[of("rows_estimated")] == 0 {
			return fmt.Errorf("running %v, %v rows to copy", s[of("running")], s[of("rows_estimated")])
		}
		if ratio, known := s[of("progress_ratio")]; !known || ratio >= 1 {
			return fmt.Errorf("progress %v (%t)", ratio, known)
		}
		return nil
	})
	if _, there := m.look()[left("leftovers", "trigger", "pt-osc", schema)]; there {
		t.Error("leftovers while it runs")
	}
	p.kill()
	if testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?", schema) != 3 {
		t.Fatalf("it was not killed half-way:\n%s", &p.output)
	}
	testenv.Eventually(t, 10*time.Second, "the server has ended its statement", func() error {
		if n := testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ?", account.Name); n > 0 {
			return fmt.Errorf("%d sessions", n)
		}
		return nil
	})
	m.later(10 * time.Minute)
	s := m.look()
	if s[left("leftovers", "trigger", "pt-osc", schema)] != 3 || s[left("leftovers", "new_table", "pt-osc", schema)] != 1 {
		t.Errorf("what it left: %v", s)
	}
	if _, there := s[of("running")]; there {
		t.Error("dead and running")
	}
	server.Exec(t, "DROP TRIGGER "+schema+".pt_osc_"+schema+"_orders_ins", "DROP TRIGGER "+schema+".pt_osc_"+schema+"_orders_upd",
		"DROP TRIGGER "+schema+".pt_osc_"+schema+"_orders_del", "DROP TABLE "+schema+"._orders_new")
	testenv.Eventually(t, 10*time.Second, "nothing is left", func() error {
		if _, there := m.look()[left("leftovers", "trigger", "pt-osc", schema)]; there {
			return errors.New("triggers are")
		}
		return nil
	})
}

// TestPtOnlineSchemaChangeHistory: the real tool, 3.7, writes its history on both products; killed half-way, and resumed on MySQL.
func TestPtOnlineSchemaChangeHistory(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		filled(t, server, schema, "orders", 20_000)
		account := server.Grant(t, "ptosch", "GRANT ALL ON *.* TO {user}")
		host, port, err := net.SplitHostPort(server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		m := watch(t, server, schema)
		run := func(options ...string) *process {
			command := testenv.Toolkit(t, sandbox.New, "pt-online-schema-change", append([]string{
				"--execute", "--no-check-replication-filters", "--recursion-method=none", "--alter=ADD COLUMN b INT",
				"--history", "--history-table=" + schema + ".pt_osc_history", "--no-drop-new-table", "--no-drop-triggers", "--chunk-size=1000", "--chunk-time=0",
				fmt.Sprintf("h=%s,P=%s,u=%s,p=%s,D=%s,t=orders", host, port, account.Name, account.Password, schema),
			}, options...)...)
			command.Env = append(command.Env, "PERL5OPT=-I"+filepath.Join(sandbox.RootDir(sandbox.New), "usr/share/perl5")) // JSON
			return start(t, command)
		}
		job := func(id, state string) string {
			return fmt.Sprintf("job_info{job_id=%q,method=%q,schema=%q,state=%q,table=%q}", id, "pt-osc", schema, state, "orders")
		}
		see := func(p *process, id, state string) {
			t.Helper()
			testenv.Eventually(t, 30*time.Second, "job "+id+" is "+state, func() error {
				if m.look()[job(id, state)] != 1 {
					return fmt.Errorf("it is not: %s", &p.output)
				}
				return nil
			})
		}
		options := []string{"--sleep=0.2"}
		if server.Kind() == sandbox.MySQL {
			options = append(options, "--set-vars=explain_format=TRADITIONAL") // it takes 9.7's own format for no rows
		}
		p := run(options...)
		see(p, "1", "running")
		of := func(name string) string { return changeOf(name, "pt-osc", schema, "orders") }
		testenv.Eventually(t, 30*time.Second, "a chunk has been copied", func() error {
			if chunks := testenv.Value[int](t, server, "SELECT COUNT(*) FROM "+schema+".pt_osc_history WHERE upper_boundary > ''"); chunks == 0 {
				return fmt.Errorf("none: %s", &p.output)
			}
			return nil
		})
		if s := m.look(); s[of("running")] != 1 || s[of("last_activity_timestamp_seconds")] == 0 {
			t.Errorf("running %v, seen at %v", s[of("running")], s[of("last_activity_timestamp_seconds")])
		}
		p.kill()
		server.Exec(t, "UPDATE "+schema+".pt_osc_history SET ts = ts - INTERVAL 1 HOUR") // time passes
		m.later(10 * time.Minute)
		see(p, "1", "stopped")
		if _, there := m.look()[of("running")]; there {
			t.Error("dead and running")
		}

		if server.Kind() == sandbox.MariaDB {
			return // 3.7.1 takes the table that it has made itself for somebody else's, as MariaDB writes int as int(11)
		}
		p = run("--resume=1", "--set-vars=explain_format=TRADITIONAL")
		see(p, "2", "copied")
	})
}
