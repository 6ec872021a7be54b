// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command bench measures what dbsync_exporter costs.
//
//	go run ./internal/bench                 beside mysqld_exporter, node_exporter and mtail, in turn on this machine
//	go run ./internal/bench -growth         from 10 tables to 20 000, and so on
//	go run ./internal/bench -targets 1000   that many servers in one process
//	go run ./internal/bench -verification   while a backup of 5 GB is verified, and while none is
//
// With -docs docs the figures go into docs/quality.md and docs/images too.
// Machines differ and are noisy: of the times only the ratios mean anything.
package main

import (
	"bytes"
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

	"github.com/easy-erp/dbsync/internal/bench/section"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// bench is our exporter and what is wanted of it.
type bench struct {
	dir      string   // for what is made on the way
	exporter string   // its path
	scrapes  int      // of each contestant
	profiles string   // folder for profiles, or empty
	own      []string // further flags
	docs     string   // folder of the documentation to write to, or empty
	out      io.Writer
}

func run(args []string, stdout, stderr io.Writer) int {
	b := bench{out: stdout}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&b.scrapes, "scrapes", 300, "scrapes that are measured, of each exporter or at each size")
	flags.StringVar(&b.profiles, "profile", "", "folder to write our exporter's CPU and allocation profiles to")
	flags.StringVar(&b.docs, "docs", "", "folder of the documentation to write the figures to")
	own := flags.String("flags", "", "flags for our exporter, such as --runtime.gomaxprocs=2")
	growth := flags.Bool("growth", false, "measure how a scrape grows with what there is")
	only := flags.String("only", "", "of -growth, the one thing that grows: tables, backups and so on; of -verification, nightly.sql or nightly.sql.gz")
	targets := flags.Int("targets", 0, "measure one process with so many targets")
	verification := flags.Bool("verification", false, "measure scrapes while a large backup is verified")
	duration := flags.Duration("duration", 10*time.Minute, "of -targets")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	b.own = strings.Fields(*own)
	mode := b.comparison
	switch {
	case *growth:
		mode = func(ctx context.Context) error { return b.writeGrowth(ctx, *only) }
	case *verification:
		mode = func(ctx context.Context) error { return b.verification(ctx, *only) }
	case *targets > 0:
		mode = func(ctx context.Context) error { return b.writeFleet(ctx, *targets, *duration) }
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.with(ctx, mode); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// with builds the exporter for the mode, which sees it in b.
func (b *bench) with(ctx context.Context, mode func(context.Context) error) (err error) {
	if b.dir, err = os.MkdirTemp("", "dbsync-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	b.exporter = filepath.Join(b.dir, "dbsync_exporter")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.exporter, "./cmd/dbsync_exporter")
	build.Stdout, build.Stderr = b.out, b.out
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the exporter (run this from the project's root): %w", err)
	}
	return mode(ctx)
}

func (b *bench) comparison(ctx context.Context) error {
	var text bytes.Buffer
	to := *b
	to.out = io.MultiWriter(b.out, &text)
	if err := to.compareAll(ctx); err != nil {
		return err
	}
	return b.document("cost of a scrape", "```text"+text.String()+"```\n")
}

func (b *bench) writeGrowth(ctx context.Context, only string) error {
	curves, err := b.growth(ctx, only)
	if err != nil {
		return err
	}
	table := growthTable(curves)
	fmt.Fprint(b.out, "\n", table)
	if b.docs == "" {
		return nil
	}
	var picture bytes.Buffer
	plot(&picture, curves)
	return errors.Join(
		os.WriteFile(filepath.Join(b.docs, "images", "growth.svg"), picture.Bytes(), 0o644),
		b.document("growth", table),
	)
}

func (b *bench) writeFleet(ctx context.Context, targets int, duration time.Duration) error {
	result, err := b.fleet(ctx, targets, duration)
	if err != nil {
		return err
	}
	fmt.Fprint(b.out, "\n", result)
	return b.document("many targets", result)
}

// document writes a section of the documentation, where that is wanted.
func (b *bench) document(name, content string) error {
	if b.docs == "" {
		return nil
	}
	return section.Replace(filepath.Join(b.docs, "quality.md"), name, content)
}
