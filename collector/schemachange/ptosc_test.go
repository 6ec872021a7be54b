// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schemachange_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// toolkit is the command of a program of percona-toolkit, which is unpacked with the modules that it needs.
func toolkit(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	program := testenv.Tool(t, sandbox.Tools, name)
	usr := filepath.Join(sandbox.RootDir(sandbox.Tools), "usr")
	folders := func(patterns ...string) string {
		var found []string
		for _, pattern := range patterns {
			matches, err := filepath.Glob(filepath.Join(usr, pattern))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, matches...)
		}
		return strings.Join(found, ":")
	}
	command := exec.CommandContext(t.Context(), "perl", append([]string{program.Path}, args...)...)
	command.Env = append(os.Environ(), "PERL5LIB="+folders("lib/*-linux-gnu/perl5/5*", "share/perl5"), "LD_LIBRARY_PATH="+folders("lib/*-linux-gnu"))
	return command
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
	command := toolkit(t, "pt-online-schema-change", "--execute", "--no-check-replication-filters", "--recursion-method=none",
		"--chunk-size=2000", "--chunk-time=0", "--sleep=0.1", "--alter=ADD COLUMN b INT",
		fmt.Sprintf("h=%s,P=%s,u=%s,p=%s,D=%s,t=orders", host, port, account.Name, account.Password, schema))
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end := func() {
		if !ended {
			ended = true
			_ = command.Process.Kill()
			_ = command.Wait()
		}
	}
	t.Cleanup(end)

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
	end()
	if testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?", schema) != 3 {
		t.Fatalf("it was not killed half-way:\n%s", &output)
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
