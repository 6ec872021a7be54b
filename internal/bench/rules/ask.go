// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/rules"
)

// cost is the processor time of one rule's expression.
type cost struct {
	rule rulefile.Rule
	took time.Duration
}

// share is that of the group's interval.
func (c cost) share() float64 { return float64(c.took) / float64(c.rule.Interval) }

// ask asks a Prometheus that does nothing else each rule's expression as of the end of the data, twice: the first time it
// reads from the disk what it then has at hand.
func (r *result) ask(ctx context.Context, edition sandbox.Edition, data string, end time.Time) (err error) {
	program, err := sandbox.FindPrometheus(edition)
	if err != nil {
		return err
	}
	options, err := backfill.Serve(sandbox.ServiceOptions{Program: program}, data)
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
	asked := prometheus.NewAPI(client)
	build, err := asked.Buildinfo(ctx)
	if err != nil {
		return err
	}
	r.version = build.Version
	shipped, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		return err
	}
	for _, rule := range shipped {
		var took time.Duration
		for range 2 {
			before, err := processorTime(service.PID())
			if err != nil {
				return err
			}
			// Counted, so that no answer is written down and sent, which a rule's is not either.
			if _, _, _, err := asked.Query(ctx, "count("+rule.Expr+")", end); err != nil {
				return fmt.Errorf("%s%s: %w", rule.Record, rule.Alert, err)
			}
			after, err := processorTime(service.PID())
			if err != nil {
				return err
			}
			took = after - before
		}
		r.cost[rule.Group] += took
		r.rules[rule.Group]++
		r.interval[rule.Group] = time.Duration(rule.Interval)
		r.slowest = append(r.slowest, cost{rule, took})
		process, err := procfs.NewProc(service.PID())
		if err != nil {
			return err
		}
		stat, err := process.Stat()
		if err != nil {
			return err
		}
		r.peak = max(r.peak, float64(stat.ResidentMemory()))
	}
	slices.SortFunc(r.slowest, func(a, b cost) int { return cmp.Compare(b.share(), a.share()) })
	return nil
}

// processorTime is what all threads of a process have used, to the nanosecond (proc_pid_schedstat: the first field).
func processorTime(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var running int64
		if _, scan := fmt.Sscan(string(text), &running); err != nil || scan != nil {
			return 0, errors.Join(err, scan)
		}
		sum += time.Duration(running)
	}
	return sum, nil
}
