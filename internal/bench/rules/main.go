// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command rules measures what the shipped rules cost a real Prometheus with many servers. It asks Prometheus each rule's
// expression, and sees how much processor time it takes: unlike the time that passes, it does not depend on what else the
// machine does. Then, with fewer servers, Prometheus scrapes and evaluates all rules at their intervals, and says itself
// how long each group took.
//
// What each server has is taken from a system that runs for two minutes (dbsyncctl up), once as it is and once with
// things broken, which a tenth of the servers are like. A stand-in for the exporter gives Prometheus what the rules read
// of it, every 10 s and for each server; what the rules read of the past is written straight into its folder.
//
//	go run ./internal/bench/rules [-instances 1000] [-live 50] [-days 30] [-edition old,new] [-measure 9m] [-docs docs]
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
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/internal/bench/section"
	"github.com/easy-erp/dbsync/internal/bench/template"
	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/rules"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// bench is what to measure.
type bench struct {
	instances, live int
	days            int
	editions        []sandbox.Edition
	measure         time.Duration
	docs            string // folder of the documentation to write to, or empty
	out             io.Writer
}

const (
	warm        = time.Minute // until every server has been scraped a few times
	backupEvery = 24 * time.Hour
)

func run(args []string, stdout, stderr io.Writer) int {
	b := bench{out: stdout}
	flags := flag.NewFlagSet("rules", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&b.instances, "instances", 1000, "database servers of the fleet")
	flags.IntVar(&b.live, "live", 50, "servers that are also scraped while the rules run; 0: none")
	flags.IntVar(&b.days, "days", 30, "days of past behind what long windows read")
	flags.DurationVar(&b.measure, "measure", 9*time.Minute, "how long the rules are watched: twice the longest interval or more")
	flags.StringVar(&b.docs, "docs", "", "folder of the documentation to write the figures to")
	editions := flags.String("edition", "old,new", "the Prometheus: old (the distribution's), new, or both in turn")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	for _, name := range strings.Split(*editions, ",") {
		b.editions = append(b.editions, map[string]sandbox.Edition{"old": sandbox.Old, "new": sandbox.New}[name])
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.all(ctx); err != nil {
		fmt.Fprintln(stderr, "rules:", err)
		return 1
	}
	return 0
}

// all measures with each edition and documents it.
func (b *bench) all(ctx context.Context) error {
	mould, err := takeMould(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, edition := range b.editions {
		found, err := b.with(ctx, edition, mould)
		if err != nil {
			return err
		}
		table := found.table(b.instances, b.live)
		fmt.Fprintln(b.out, table)
		text.WriteString(table)
	}
	if b.docs == "" {
		return nil
	}
	return section.Replace(filepath.Join(b.docs, "quality.md"), "rules over a fleet", text.String())
}

// mould is what the fleet's servers are like, as of a time.
type mould struct {
	healthy, broken []template.Sample
	taken           time.Time
}

// takeMould takes both templates at the same time.
func takeMould(ctx context.Context) (mould, error) {
	var m mould
	var both sync.WaitGroup
	var first, second error
	both.Go(func() { m.healthy, first = template.Take(ctx, backupEvery) })
	both.Go(func() { m.broken, second = template.Take(ctx, backupEvery, "migration", "locks") })
	both.Wait()
	m.taken = time.Now()
	return m, errors.Join(first, second)
}

// with measures with one edition: first what each rule costs, over all servers, then how long the groups take while
// Prometheus scrapes and evaluates, over as many servers as the machine can bear.
func (b *bench) with(ctx context.Context, edition sandbox.Edition, m mould) (*result, error) {
	r := newResult()
	err := b.over(ctx, b.instances, m, func(dir string, _ *fleet, end time.Time) error {
		return r.ask(ctx, edition, dataOf(dir), end)
	})
	if err != nil || b.live == 0 {
		return r, err
	}
	return r, b.over(ctx, b.live, m, func(dir string, f *fleet, _ time.Time) (err error) {
		w, err := start(ctx, edition, dir, f)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.service.Stop()) }()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(warm):
		}
		return w.observe(ctx, b.measure, r)
	})
}

// over does something with so many servers and their past.
func (b *bench) over(
	ctx context.Context, instances int, m mould, do func(dir string, f *fleet, end time.Time) error,
) (err error) {
	shipped, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		return err
	}
	known, err := catalogue.New(shipped)
	if err != nil {
		return err
	}
	p, err := newPast(shipped, b.days, b.out)
	if err != nil {
		return err
	}
	healthy := append(slices.Clone(m.healthy), p.missing(m.healthy, known, 0)...)
	broken := append(slices.Clone(m.broken), p.missing(m.broken, known, 1)...)
	well, ill := p.scraped(healthy), p.scraped(broken)
	f, err := newFleet(instances, well, ill, m.taken)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	dir, err := os.MkdirTemp("", "dbsync-rules-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	end, err := p.write(ctx, dataOf(dir), f, p.of(healthy, well), p.of(broken, ill))
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%d series of each server, of a broken one %d; the past written in %.0f s\n", len(well), len(ill), time.Since(began).Seconds())
	return do(dir, f, end)
}
