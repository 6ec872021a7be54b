// SPDX-License-Identifier: Apache-2.0

// Package host collects from the machine that the exporter runs on: what
// node_exporter gives, under its names, with its default filters and meaning;
// and what it lacks for a database server, under dbsync_*: the file systems
// behind the server's directories by role, the server's processes, and the
// limits of the exporter's control group.
//
// A dead mount or any other read that does not return never delays a scrape for
// long: it is left behind once, and later collections go on without it until it
// returns. At most one goroutine waits for each.
package host

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/cpu"

	"github.com/easy-erp/dbsync/collector"
)

// Options says what to collect beyond the machine itself.
type Options struct {
	// Root is where the machine's file systems are seen: its procfs is
	// Root/proc, its sysfs Root/sys, its mounts lie below Root. Empty means "/";
	// a container that has the machine's "/" mounted says where.
	Root string
	// Paths are the directories whose file systems matter, by role.
	Paths []Path
	// Discover finds more such directories, such as @@datadir of a server on
	// this machine. It is asked rarely, and returns soon after its context ends.
	// nil: there are none.
	Discover func(context.Context) ([]Path, error)
	// Processes are the names of the programs to follow, such as mysqld, of which
	// 15 characters count. Leave it empty where the exporter does not see them:
	// in a PID namespace of its own.
	Processes []string
	// MountTimeout is how long a mount may take to answer before it counts as
	// dead. 0 means [DefaultMountTimeout].
	MountTimeout time.Duration

	system *system // replaced by tests; nil: the machine
}

// Path is a directory and what it is for.
type Path struct {
	Role string // datadir, binlog, tmpdir, backup, or a word of the user's
	Path string // absolute, as the monitored machine sees it
}

// DefaultMountTimeout is long for a live network mount under load, and short
// against the deadline of a scrape.
const DefaultMountTimeout = 2 * time.Second

// sourceTimeout bounds a read of any source. It is longer than what the sources
// grant to mounts and to Discover, so that it ends only what hangs elsewhere.
const sourceTimeout = 5 * time.Second

// Definition declares the collector.
func Definition(opts Options) collector.Definition {
	return collector.Definition{
		Name:     "host",
		Help:     "The machine: CPU, memory, file systems, disks, network, the server's processes.",
		Default:  true,
		Cost:     "Reads some 40 small files of procfs and sysfs, and one per process; one statfs call for each mount.",
		Families: families(),
		New:      func(t *collector.Target) collector.Collector { return newHost(opts, t) },
	}
}

func families() []*collector.Family {
	var all []*collector.Family
	for _, s := range (&host{}).makeSources() {
		all = append(all, s.families...)
	}
	return all
}

// system is what of the machine no file below Root shows. Tests replace it.
type system struct {
	statfs func(path string) (usage, error) // may never return
	uname  func() (uname, error)
	clock  func() (clock, error)
}

// host is the collector. Each source runs in one goroutine at a time, so what
// only one of them uses needs no lock.
type host struct {
	opts    Options
	sys     system
	now     func() time.Time
	sources []*source
	timeout time.Duration // of any one source

	mounts    *mounts
	discovery discovery
	cpus      map[string]cpu.TimesStat
	kept      remembered
}

func newHost(opts Options, t *collector.Target) *host {
	h := &host{
		opts: opts, now: t.Now, timeout: sourceTimeout,
		cpus: map[string]cpu.TimesStat{},
	}
	h.sys = machine()
	if opts.system != nil {
		h.sys = *opts.system
	}
	timeout := cmp.Or(opts.MountTimeout, DefaultMountTimeout)
	h.mounts = &mounts{statfs: h.sys.statfs, timeout: timeout, calls: map[string]*call{}}
	h.discovery = discovery{ask: opts.Discover, now: t.Now, timeout: timeout / 2}
	h.sources = h.makeSources()
	return h
}

// source is a part of the machine that is read, or fails, by itself.
type source struct {
	name     string
	families []*collector.Family
	collect  collector.Func
	busy     atomic.Bool // a read is going on, perhaps one that was left behind
}

func (h *host) makeSources() []*source {
	everywhere := []*source{
		{name: "cpu", families: cpuFamilies, collect: h.collectCPU},
		{name: "filesystem", families: filesystemFamilies, collect: h.collectFilesystems},
		{name: "paths", families: pathFamilies, collect: h.collectPaths},
		{name: "time", families: []*collector.Family{timeSeconds}, collect: h.collectTime},
	}
	return append(everywhere, h.systemSources()...)
}

// path returns where a file of the monitored machine is for the exporter.
func (h *host) path(parts ...string) string {
	root := h.opts.Root
	if root == "" {
		root = string(os.PathSeparator)
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// gopsutil returns a context that makes gopsutil read below the root.
func (h *host) gopsutil(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: h.path("proc"),
		common.HostSysEnvKey:  h.path("sys"),
	})
}
