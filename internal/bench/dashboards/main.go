// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command dashboards measures how long Prometheus takes to answer what the
// dashboards ask, with a month of a fleet behind it. What each instance has is
// taken from a system that runs for a minute (dbsyncctl up, with faults); the
// month is written straight into Prometheus' folder.
//
//	go run ./internal/bench/dashboards [-instances 100] [-days 30] [-edition old|new] [-data DIR]
//
// The folder takes about 100 MB per instance and month; one that -data names is kept, and used
// again by the next run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/bench/template"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// backupEvery is short enough for several backups in the template's minutes.
const backupEvery = 10 * time.Second

// bench is what to measure.
type bench struct {
	instances int
	days      int
	edition   sandbox.Edition
	data      string
	out       io.Writer
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("dashboards", flag.ContinueOnError)
	flags.SetOutput(stderr)
	b := bench{out: stdout}
	flags.IntVar(&b.instances, "instances", 100, "database servers of the fleet")
	flags.IntVar(&b.days, "days", 30, "days of data")
	edition := flags.String("edition", "new", "the Prometheus to ask: old (the distribution's) or new")
	flags.StringVar(&b.data, "data", "", "folder of the data; kept, and used again when it is filled")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	b.edition = map[string]sandbox.Edition{"old": sandbox.Old, "new": sandbox.New}[*edition]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.measure(ctx); err != nil {
		fmt.Fprintln(stderr, "dashboards:", err)
		return 1
	}
	return 0
}

func (b *bench) measure(ctx context.Context) (err error) {
	if b.data == "" {
		if b.data, err = os.MkdirTemp("", "dbsync-month-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(b.data)) }()
	}
	now, err := b.fill(ctx)
	if err != nil {
		return err
	}
	program, err := sandbox.FindPrometheus(b.edition)
	if err != nil {
		return err
	}
	options, err := backfill.Serve(sandbox.ServiceOptions{Program: program}, b.data)
	if err != nil {
		return err
	}
	service, err := sandbox.StartService(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Stop()) }()
	client, err := api.NewClient(api.Config{Address: service.URL()})
	if err != nil {
		return err
	}
	server, err := procfs.NewProc(service.PID())
	if err != nil {
		return err
	}
	return b.ask(ctx, asker{prometheus.NewAPI(client), server}, now)
}

// fill writes the month, unless it is there, and returns when it ends.
func (b *bench) fill(ctx context.Context) (time.Time, error) {
	mark := filepath.Join(b.data, "filled")
	if text, err := os.ReadFile(mark); err == nil {
		return time.Parse(time.RFC3339, string(text))
	}
	now := time.Now().Truncate(time.Minute)
	taken, err := template.Take(ctx, backupEvery, "migration", "locks")
	if err != nil {
		return now, err
	}
	series, err := fleet(taken, b.instances)
	if err != nil {
		return now, err
	}
	fmt.Fprintf(b.out, "%d series of %d instances, %d days\n", len(series), b.instances, b.days)
	began := time.Now()
	if err := backfill.Write(ctx, b.data, now.Add(-time.Duration(b.days)*24*time.Hour), now, series); err != nil {
		return now, err
	}
	fmt.Fprintf(b.out, "written in %.0f s\n", time.Since(began).Seconds())
	return now, os.WriteFile(mark, []byte(now.Format(time.RFC3339)), 0o644)
}
