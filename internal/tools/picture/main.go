// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command picture draws docs/images/up.svg: it runs what `dbsyncctl up` runs, lets a migration fail, waits until
// everybody has been told, and draws the screen as it is then.
//
//	go run ./internal/tools/picture docs/images/up.svg
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/stack/view"
)

const width, height = 122, 37

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("want one argument, the file to write")
	}
	lines, err := capture(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], []byte(draw(lines, width)), 0o644)
}

// events collects what the stack tells.
type events struct {
	mu  sync.Mutex
	all []stack.Event
}

func (e *events) observe(event stack.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) so() []stack.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]stack.Event(nil), e.all...)
}

// capture returns the screen of a run in which a migration has failed.
func capture(ctx context.Context) ([]view.Line, error) {
	told := &events{}
	running, err := stack.Start(ctx, stack.Options{Observe: told.observe})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	scene := func() view.Scene {
		return view.Scene{State: running.State(ctx), Events: told.so(), Now: time.Now(), Began: began, Pace: stack.DefaultPace}
	}
	err = errors.Join(
		await(ctx, "the watchdog", func() bool { return !running.State(ctx).Heartbeat.IsZero() && len(running.State(ctx).Alerts) == 0 }),
		running.Break(ctx, "migration"),
		await(ctx, "the webhook", func() bool { return len(running.State(ctx).Delivered) >= 3 }),
	)
	lines := view.Frame(scene(), width, height)
	return lines, errors.Join(err, running.Stop())
}

func await(ctx context.Context, what string, condition func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
	return nil
}
