// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// account is the monitoring account of a server, with the documented grants.
type account struct {
	server         *sandbox.Instance
	user, password string
}

func newAccount(ctx context.Context, server *sandbox.Instance) (*account, error) {
	a := &account{server, "monitor", "bench-only"}
	grants := "PROCESS, REFERENCES, REPLICATION CLIENT"
	if server.Kind() == sandbox.MariaDB {
		grants = "PROCESS, REFERENCES, BINLOG MONITOR, SLAVE MONITOR"
	}
	for _, statement := range []string{
		"CREATE USER monitor@'%' IDENTIFIED BY 'bench-only'",
		"GRANT " + grants + " ON *.* TO monitor@'%'",
		"GRANT SELECT ON performance_schema.* TO monitor@'%'",
		"GRANT SELECT ON mysql.innodb_table_stats TO monitor@'%'",
		"GRANT SELECT ON " + erp.Schema + ".* TO monitor@'%'",
	} {
		if _, err := server.Open().ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
	}
	return a, nil
}

// query builds the collect[] filter.
func query(collectors ...string) string {
	return "?" + url.Values{"collect[]": collectors}.Encode()
}

// startDBSync runs our exporter, without an account for the host alone; more is
// what else its configuration says.
func startDBSync(ctx context.Context, path string, a *account, more string, flags ...string) (*sandbox.Service, error) {
	return sandbox.StartService(ctx, sandbox.ServiceOptions{
		Program: sandbox.Program{Path: path},
		Ready:   "/-/ready",
		Arguments: func(address, dir string) []string {
			args := append([]string{"--web.listen-address=" + address, "--log.level=error"}, flags...)
			if a == nil {
				return args
			}
			file := filepath.Join(dir, "dbsync.yml")
			config := fmt.Sprintf("mysql:\n  modules: {default: {user: %s, password: %s}}\n"+
				"  targets: [{name: bench, address: '%s'}]\n", a.user, a.password, a.server.Addr()) + more
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				panic(err) // the folder is ours and new
			}
			return append(args, "--config.file="+file)
		},
	})
}

func startMySQLDExporter(ctx context.Context, a *account) (*sandbox.Service, string, error) {
	program, err := newest("prometheus-mysqld-exporter", "mysqld_exporter")
	if err != nil {
		return nil, "", err
	}
	s, err := sandbox.StartService(ctx, sandbox.ServiceOptions{
		Program: program,
		Ready:   "/",
		Arguments: func(address, dir string) []string {
			file := filepath.Join(dir, "my.cnf")
			config := fmt.Sprintf("[client]\nuser=%s\npassword=%s\nhost=127.0.0.1\nport=%d\n", a.user, a.password, a.server.Port())
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				panic(err) // the folder is ours and new
			}
			return []string{"--web.listen-address=" + address, "--config.my-cnf=" + file, "--log.level=error"}
		},
	})
	return s, version(ctx, program), err
}

func startNodeExporter(ctx context.Context) (*sandbox.Service, string, error) {
	program, err := newest("prometheus-node-exporter", "node_exporter")
	if err != nil {
		return nil, "", err
	}
	s, err := sandbox.StartService(ctx, sandbox.ServiceOptions{
		Program: program,
		Ready:   "/",
		Arguments: func(address, _ string) []string {
			return []string{"--web.listen-address=" + address, "--log.level=error"}
		},
	})
	return s, version(ctx, program), err
}

// newest finds the newest edition of a program at hand.
func newest(names ...string) (sandbox.Program, error) {
	program, err := sandbox.Find(sandbox.New, names...)
	if err != nil {
		return sandbox.Find(sandbox.Old, names...)
	}
	return program, nil
}

var versionNumber = regexp.MustCompile(`version (\S+)`)

// version asks a program of the Prometheus family what it is.
func version(ctx context.Context, program sandbox.Program) string {
	path, args := program.Command("--version")
	text, err := exec.CommandContext(ctx, path, args...).CombinedOutput() // older ones write it to standard error
	if m := versionNumber.FindStringSubmatch(string(text)); err == nil && m != nil {
		return m[1]
	}
	return "of unknown version"
}
