// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/dash"
	"github.com/easy-erp/dbsync/grafana/queries"
)

// connections are what a browser opens to one server.
const connections = 6

// ask opens every board at its own range and at the whole of the data, and prints
// how long all answers together took: of what is open at first, and with every
// folded row opened.
func (b *bench) ask(ctx context.Context, a asker, now time.Time) error {
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "board\trange\tqueries\topen\twith folded rows\tCPU\tslowest query")
	for _, d := range board.All(board.English) {
		for _, from := range []string{d.Time.From, fmt.Sprintf("now-%dd", b.days)} {
			view, err := queries.Last(now, from)
			if err != nil {
				return err
			}
			line, err := a.board(ctx, d, view)
			if err != nil {
				return err
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", d.UID, from, line)
			if err := table.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a asker) board(ctx context.Context, d dash.Dashboard, view queries.View) (string, error) {
	before, err := a.cpu()
	if err != nil {
		return "", err
	}
	all := queries.Of(d)
	open := slices.DeleteFunc(slices.Clone(all), func(q queries.Query) bool { return q.Folded })
	folded := slices.DeleteFunc(slices.Clone(all), func(q queries.Query) bool { return !q.Folded })
	first, slow, err := a.together(ctx, view, open)
	if err != nil {
		return "", err
	}
	rest, slower, err := a.together(ctx, view, folded)
	if err != nil {
		return "", err
	}
	if slower.took > slow.took {
		slow = slower
	}
	after, err := a.cpu()
	return fmt.Sprintf("%d\t%.2f s\t%.2f s\t%.2f s\t%.2f s %s, %d series",
		len(all), first.Seconds(), (first + rest).Seconds(), after-before, slow.took.Seconds(), slow.query, slow.series), err
}

// asker asks a Prometheus and sees what it uses.
type asker struct {
	client prometheus.API
	server procfs.Proc
}

// cpu is the CPU time that the server has used, in seconds: unlike the time that
// passes, it does not depend on what else the machine does.
func (a asker) cpu() (float64, error) {
	stat, err := a.server.Stat()
	return stat.CPUTime(), err
}

// answer is one query's.
type answer struct {
	query  queries.Query
	took   time.Duration
	series int
	err    error
}

// together asks as a browser does, a few at a time, and returns the time until
// the last answer and the slowest one.
func (a asker) together(ctx context.Context, view queries.View, list []queries.Query) (time.Duration, answer, error) {
	began := time.Now()
	waiting, answers := make(chan queries.Query), make(chan answer, len(list))
	var browsers sync.WaitGroup
	for range connections {
		browsers.Go(func() {
			for q := range waiting {
				asked := time.Now()
				n, err := view.Ask(ctx, a.client, q)
				answers <- answer{q, time.Since(asked), n, err}
			}
		})
	}
	for _, q := range list {
		waiting <- q
	}
	close(waiting)
	browsers.Wait()
	took := time.Since(began)
	close(answers)
	var slowest answer
	var errs []error
	for one := range answers {
		errs = append(errs, one.err)
		if one.took > slowest.took {
			slowest = one
		}
	}
	return took, slowest, errors.Join(errs...)
}
