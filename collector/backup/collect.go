// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/easy-erp/dbsync/collector"
)

// defaultReadRate is how fast large files are read, in bytes per second.
const defaultReadRate = 32 << 20

// watches follow all backups of a target.
type watches struct {
	all     []*watch
	binlogs *binlogs
	bad     []error // of backups that cannot be watched
}

var _ collector.Runner = (*watches)(nil)

func newWatches(opts Options, target *collector.Target) *watches {
	ws := &watches{}
	for _, b := range opts.Backups {
		e := &env{
			target: target, runs: opts.Runs, limiter: newLimiter(cmp.Or(b.ReadRate, defaultReadRate)), stateDir: opts.StateDir,
		}
		m, ok := findMethod(b.Method)
		if !ok {
			ws.bad = append(ws.bad, fmt.Errorf("backup %s: there is no method %q", b.Name, b.Method))
			continue
		}
		if b.MaxDuration <= 0 {
			b.MaxDuration = defaultMaxDuration
		}
		ws.all = append(ws.all, newWatch(b, m, e))
	}
	ws.binlogs = newBinlogs(opts.Archives, &env{target: target, limiter: newLimiter(defaultReadRate)})
	return ws
}

// Run watches until ctx ends.
func (ws *watches) Run(ctx context.Context) {
	var wg sync.WaitGroup
	turn := make(chan struct{}, 1) // one file is read at a time
	for _, w := range ws.all {
		wg.Go(func() { w.run(ctx) })
		if r, ok := w.source.(reader); ok {
			wg.Go(func() { w.read(ctx, r, turn) })
		}
	}
	if !ws.empty() {
		wg.Go(func() { ws.binlogs.run(ctx) })
	}
	wg.Wait()
}

// empty reports whether there is nothing to watch.
func (ws *watches) empty() bool { return len(ws.all)+len(ws.bad)+len(ws.binlogs.archives) == 0 }

// Collect shows what is known.
func (ws *watches) Collect(ctx context.Context, out *collector.Sink) error {
	if ws.empty() {
		return collector.Skip(collector.Unconfigured, "list backups or binlog_archives in the configuration")
	}
	for _, err := range ws.bad {
		return err
	}
	var wg sync.WaitGroup
	for _, w := range ws.all {
		wg.Go(func() { w.collect(ctx, out) })
	}
	wg.Wait()
	ws.binlogs.collect(ctx, out, ws.all)
	return nil
}
