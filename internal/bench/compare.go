// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// compareAll compares with the other exporters on both servers and on the host,
// and with mtail.
func (b *bench) compareAll(ctx context.Context) error {
	for _, find := range []func() (sandbox.Program, error){sandbox.FindMariaDB, sandbox.FindMySQL} {
		program, err := find()
		if err != nil {
			return err
		}
		if err := b.onServer(ctx, program); err != nil {
			return err
		}
	}
	return errors.Join(b.onHost(ctx), onLogs(ctx, b.dir, b.out))
}

// flags are our exporter's own: without profiles it runs as it does everywhere.
func (b *bench) flags() []string {
	if b.profiles == "" {
		return b.own
	}
	return append([]string{"--web.enable-pprof"}, b.own...)
}

// onServer compares with mysqld_exporter, and everything with both others.
func (b *bench) onServer(ctx context.Context, program sandbox.Program) (err error) {
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
func (b *bench) limit(ctx context.Context, a *account, c contestant, m measurement) error {
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
func (b *bench) onHost(ctx context.Context) (err error) {
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
