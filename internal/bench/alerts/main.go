// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command alerts measures how long it takes from a fault to a message: a real
// Prometheus with the shipped rules over many targets, a real Alertmanager with the
// shipped routes and waits, and a receiver. First servers go down one after another,
// then many at once.
//
//	go run ./internal/bench/alerts [-single 200] [-burst 1000] [-edition old|new]
//
// The targets are played: what is measured begins where the exporter's answer
// changes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// bench is what to measure.
type bench struct {
	single, burst int
	edition       sandbox.Edition
	out           io.Writer
}

// Times of the measurement.
const (
	every   = time.Second // between two of the single faults
	settle  = time.Minute // until every target has been scraped and every rule looked at
	patient = 5 * time.Minute
)

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("alerts", flag.ContinueOnError)
	flags.SetOutput(stderr)
	b := bench{out: stdout}
	flags.IntVar(&b.single, "single", 200, "servers that go down one after another, one a second")
	flags.IntVar(&b.burst, "burst", 1000, "servers that go down in the same moment, afterwards")
	edition := flags.String("edition", "new", "the Prometheus and Alertmanager: old (the distribution's) or new")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	b.edition = map[string]sandbox.Edition{"old": sandbox.Old, "new": sandbox.New}[*edition]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.measure(ctx); err != nil {
		fmt.Fprintln(stderr, "alerts:", err)
		return 1
	}
	return 0
}

func (b *bench) measure(ctx context.Context) (err error) {
	fleet, err := newFleet(b.single + b.burst)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.close()) }()
	messages, err := newReceiver()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, messages.close()) }()
	path, err := startPath(ctx, b.edition, fleet, messages)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, path.stop()) }()
	fmt.Fprintf(b.out, "%d targets, every 10 s; the shipped rules and waits; %s\n", len(fleet.names), b.edition)
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	fmt.Fprintln(b.out, "\n| servers that go down | messages to | told | twice | firing to message p50, p99, longest, s | fault to message p50, p99, longest, s |")
	fmt.Fprintln(b.out, "| --- | --- | ---: | ---: | ---: | ---: |")
	one := fleet.names[:b.single]
	for _, name := range one {
		fleet.breakDown(name)
		if err := sleep(ctx, every); err != nil {
			return err
		}
	}
	if err := b.tell(ctx, fleet, messages, one, "one a second"); err != nil {
		return err
	}
	many := fleet.names[b.single:]
	fleet.breakDown(many...)
	return b.tell(ctx, fleet, messages, many, "at once")
}

// tell waits for the messages of these servers and writes how long they took.
func (b *bench) tell(ctx context.Context, fleet *fleet, messages *receiver, names []string, how string) error {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	messages.await(ctx, names)
	for _, to := range immediate {
		told := messages.told(to)
		var firing, fault []time.Duration
		twice := 0
		for _, name := range names {
			m, ok := told[name]
			if !ok {
				continue
			}
			firing = append(firing, m.at.Sub(m.startsAt))
			fault = append(fault, m.at.Sub(fleet.since(name)))
			twice += m.times - 1
		}
		fmt.Fprintf(b.out, "| %d, %s | %s | %d | %d | %s | %s |\n", len(names), how, to, len(firing), twice, quantiles(firing), quantiles(fault))
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
