// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command bench runs dbsync_exporter beside mysqld_exporter and node_exporter
// against the same server on this machine, in turn, and prints what a scrape of
// each costs and the ratios; and what a line of an access log costs beside
// mtail. Machines differ and are noisy: only the ratios and the counts mean
// anything.
//
//	go run ./internal/bench [-scrapes 300] [-profile DIR]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	scrapes := flags.Int("scrapes", 300, "scrapes of each exporter that are measured")
	profiles := flags.String("profile", "", "folder to write our exporter's CPU and allocation profiles to")
	own := flags.String("flags", "", "flags for our exporter, such as --runtime.gomaxprocs=1")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, comparison{scrapes: *scrapes, profiles: *profiles, own: strings.Fields(*own), out: stdout}); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

func bench(ctx context.Context, b comparison) (err error) {
	dir, err := os.MkdirTemp("", "dbsync-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b.exporter = filepath.Join(dir, "dbsync_exporter")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.exporter, "./cmd/dbsync_exporter")
	build.Stdout, build.Stderr = b.out, b.out
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the exporter (run this from the project's root): %w", err)
	}
	for _, find := range []func() (sandbox.Program, error){sandbox.FindMariaDB, sandbox.FindMySQL} {
		program, err := find()
		if err != nil {
			return err
		}
		if err := b.onServer(ctx, program); err != nil {
			return err
		}
	}
	return errors.Join(b.onHost(ctx), onLogs(ctx, dir, b.out))
}

// comparison is our exporter, and how it is compared with others.
type comparison struct {
	exporter string   // its path
	scrapes  int      // of each contestant
	profiles string   // folder for profiles, or empty
	own      []string // further flags
	out      io.Writer
}

// flags are our exporter's own: without profiles it runs as it does everywhere.
func (b comparison) flags() []string {
	if b.profiles == "" {
		return b.own
	}
	return append([]string{"--web.enable-pprof"}, b.own...)
}

// onServer compares with mysqld_exporter, and everything with both others.
func (b comparison) onServer(ctx context.Context, program sandbox.Program) (err error) {
	server, err := sandbox.Start(ctx, sandbox.Options{Program: program, Flags: []string{"--performance-schema=ON"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	account, err := newAccount(ctx, server)
	if err != nil {
		return err
	}
	work, err := newWork(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.remove()) }()
	mine, err := startDBSync(ctx, b.exporter, account, work.config, b.flags()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mine.Stop()) }()
	mysqld, version, err := startMySQLDExporter(ctx, account)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mysqld.Stop()) }()
	node, nodeVersion, err := startNodeExporter(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.Stop()) }()

	fmt.Fprintf(b.out, "\n%s %s, mysqld_exporter %s, node_exporter %s\n", server.Kind(), server.Version(), version, nodeVersion)
	for i, c := range []struct {
		title, query string
		theirs       contestant
	}{
		{
			"same families (status, variables, replication)",
			query("mysql.connection", "mysql.status", "mysql.variables", "mysql.replication"),
			contestant{"mysqld_exporter", []asked{{mysqld, query("global_status", "global_variables", "slave_status")}}},
		},
		{
			"the server, all that is on by default", "?exclude[]=host",
			contestant{"mysqld_exporter", []asked{{mysqld, ""}}},
		},
		{
			"everything: server, host, a migration history, backups, a job, an access log and an error log", "",
			contestant{"both of them", []asked{{mysqld, ""}, {node, ""}}},
		},
	} {
		us := ours(mine, c.query)
		m, err := compare(ctx, server, []contestant{us, c.theirs}, b.scrapes)
		if err != nil {
			return err
		}
		report(b.out, c.title, m)
		if err := b.limit(ctx, account, us, m[0]); err != nil {
			return err
		}
		if err := b.profile(ctx, fmt.Sprintf("%s-%d", server.Kind(), i), us); err != nil {
			return err
		}
	}
	return nil
}

// limit compares with the same SQL and nothing else.
func (b comparison) limit(ctx context.Context, a *account, c contestant, m measurement) error {
	statements, err := statementsOf(ctx, a, c)
	if err != nil {
		return err
	}
	alone, err := replay(ctx, a, statements, b.scrapes)
	if err != nil {
		return err
	}
	p50 := float64(alone) / float64(time.Millisecond)
	_, err = fmt.Fprintf(b.out, "  its %d statements alone, over one open connection: p50 %.2f ms; the scrape takes %.2f times that\n",
		len(statements), p50, m.quantile(0.5)/p50)
	return err
}

// onHost compares the host's families with node_exporter.
func (b comparison) onHost(ctx context.Context) (err error) {
	mine, err := startDBSync(ctx, b.exporter, nil, "", b.flags()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mine.Stop()) }()
	node, version, err := startNodeExporter(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.Stop()) }()
	us := ours(mine, query("host"))
	m, err := compare(ctx, nil, []contestant{us, {"node_exporter", []asked{{node, query("cpu", "loadavg", "meminfo", "vmstat",
		"filesystem", "diskstats", "netdev", "stat", "filefd", "pressure", "uname", "time", "timex", "os", "conntrack")}}}}, b.scrapes)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\nhost, node_exporter %s\n", version)
	report(b.out, "same families", m)
	return b.profile(ctx, "host", us)
}
