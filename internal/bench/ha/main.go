// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command ha measures what the highly available layout of deploy/ha loses while parts of it die: two Prometheus with the
// shipped rules, three clustered Alertmanagers with the shipped routes, and receivers. Servers go down and come back, one
// every few seconds; meanwhile each process is killed and frozen and each link is cut in turn, one at a time, and brought
// back.
//
//	go run ./internal/bench/ha [-faults 200] [-edition new|old] [-docs docs]
//
// The files' waits are two fifths of the shipped ones, the programs' own a fifth. The servers are played: what is measured
// begins where the exporter's answer changes.
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

	"github.com/easy-erp/dbsync/internal/bench/section"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("ha", flag.ContinueOnError)
	flags.SetOutput(stderr)
	p := plan{waits: waits{routes: 0.4, rules: 0.4}, every: 4 * time.Second, down: 36 * time.Second, hold: 10 * time.Second, pause: 7 * time.Second}
	flags.IntVar(&p.faults, "faults", 200, "servers that go down, one every 4 s, for 36 s each")
	edition := flags.String("edition", "new", "the Prometheus and Alertmanager: old (the distribution's) or new")
	docs := flags.String("docs", "", "folder of the documentation to write the figures to")
	notices := flags.String("notices", "", "file to write every notice to, to look for causes")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	found, err := measure(ctx, map[string]sandbox.Edition{"old": sandbox.Old, "new": sandbox.New}[*edition], p, stderr)
	if err == nil {
		text := found.report(*edition)
		fmt.Fprint(stdout, text)
		if *notices != "" {
			err = os.WriteFile(*notices, []byte(found.log()), 0o644)
		}
		if *docs != "" {
			err = errors.Join(err, section.Replace(filepath.Join(*docs, "quality.md"), "the alert path while parts of it die", text))
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "ha:", err)
		return 1
	}
	return 0
}
