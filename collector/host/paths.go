// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

var (
	pathSize = gauge("dbsync_path_filesystem_size_bytes",
		"Size of the file system that the directory is on.", "statfs(2) of the directory", "role", "path")
	pathAvail = gauge("dbsync_path_filesystem_avail_bytes",
		"Space that an ordinary user may still write to the directory.", "statfs(2) of the directory", "role", "path")
	pathError = gauge("dbsync_path_filesystem_device_error",
		"Whether the directory's file system could not be asked: it is missing, forbidden or does not answer.",
		"statfs(2) of the directory", "role", "path")
	pathFamilies = []*collector.Family{pathSize, pathAvail, pathError}
)

// How long discovered paths are taken as true, and how soon a discovery that
// failed is tried again: paths change when a server is restarted.
const (
	discoverEvery = 10 * time.Minute
	discoverRetry = time.Minute
)

// collectPaths asks for the file systems behind the configured and the
// discovered directories. A failed discovery counts as a failure only while none
// has succeeded.
func (h *host) collectPaths(ctx context.Context, out *collector.Sink) error {
	discovered, err := h.discovery.paths(ctx)
	if err != nil {
		out.Source(ctx, "path discovery", func(context.Context, *collector.Sink) error { return err })
	}
	all := unique(slices.Concat(h.opts.Paths, discovered))
	if len(all) == 0 {
		return collector.Skip(collector.Unconfigured, "configure host.paths, or a database server on this machine")
	}
	calls := make([]*call, len(all))
	for i, p := range all {
		calls[i] = h.mounts.begin(h.below(p.Path))
	}
	for i, p := range all {
		u, err := h.mounts.wait(ctx, calls[i])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		out.Emit(pathError, collector.Bool(err != nil), p.Role, p.Path)
		if err == nil {
			out.Emit(pathSize, u.size, p.Role, p.Path)
			out.Emit(pathAvail, u.avail, p.Role, p.Path)
		}
	}
	return nil
}

func unique(all []Path) []Path {
	var kept []Path
	for _, p := range all {
		if !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// discovery remembers what was discovered.
type discovery struct {
	ask     func(context.Context) ([]Path, error)
	now     func() time.Time
	timeout time.Duration

	next  time.Time // when to ask again
	known bool      // there was an answer
	found []Path    // the newest one
	err   error     // why there was none
}

func (d *discovery) paths(ctx context.Context) ([]Path, error) {
	if d.ask == nil || d.now().Before(d.next) {
		return d.found, d.err
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	found, err := d.ask(ctx)
	if err == nil {
		d.known, d.found, d.err, d.next = true, found, nil, d.now().Add(discoverEvery)
		return found, nil
	}
	d.next = d.now().Add(discoverRetry)
	if !d.known {
		d.err = fmt.Errorf("ask the server for its directories: %w", err)
	}
	return d.found, d.err
}
