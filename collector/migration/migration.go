// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// Options are what to read on one target.
type Options struct {
	// Discover says to look for every known history that the account can see.
	Discover bool
	// Histories are those that need more than discovery knows. They win over
	// what is discovered.
	Histories []History
}

// History is a history that the user names.
type History struct {
	// Schema is the database, spelled as the tool is told it: the name of the
	// tool's lock is made from it.
	Schema string
	Tool   string // one of [Tools]
	Table  string // empty: the tool's own
	// Directory holds the migration files; empty: what is pending is unknown.
	Directory string
	// MaxDuration is how long a migration may run; 0: no promise.
	MaxDuration time.Duration
	// NoLock says that the tool is told to take no lock, so that an unfinished
	// migration may be a running or a failed one.
	NoLock bool
}

const (
	discoverEvery = time.Minute
	filesEvery    = 15 * time.Second
)

// Definitions declares the collectors of one target's migrations. They share
// what they find: call it once for each target.
func Definitions(opts Options) []collector.Definition {
	s := newShared(opts)
	return []collector.Definition{
		{
			Name:     "migration.history",
			Help:     "Schema migrations: version, state, lock and pending files, from the tools' history tables.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: historyPrivileges()},
			Cost:     "One statement for up to 50 histories, on primary keys; rows are read when a history changed.",
			Families: historyFamilies,
			New: func(t *collector.Target) collector.Collector {
				return &histories{shared: s, target: t, known: map[place]*history{}}
			},
		},
		{
			Name:     "migration.discovery",
			Help:     "Looks for history tables of known migration tools.",
			Default:  true,
			Needs:    collector.Needs{Server: true},
			Cost:     "Two statements on information_schema, bound to the names of history tables.",
			Every:    discoverEvery,
			Families: discoveryFamilies,
			New:      func(t *collector.Target) collector.Collector { return s.discovery(t) },
		},
		{
			Name:     "migration.files",
			Help:     "Reads the folders of migration files that the configuration names.",
			Default:  true,
			Cost:     "Lists the folders; a file is read once, and again when it changed.",
			Every:    filesEvery,
			Families: fileFamilies,
			New:      func(*collector.Target) collector.Collector { return files{s} },
		},
	}
}

// shared is what the collectors of a target know together.
type shared struct {
	opts        Options
	finder      *finder // nil: histories are not looked for
	configured  []place
	directories map[place]*directory
}

func newShared(opts Options) *shared {
	s := &shared{opts: opts, directories: map[place]*directory{}}
	for i, h := range opts.Histories {
		tool := toolNamed(h.Tool)
		if tool == nil {
			continue // the configuration knows the tools, and refuses others
		}
		p := place{schema: h.Schema, table: cmp.Or(h.Table, tool.table), tool: tool, configured: &opts.Histories[i]}
		s.configured = append(s.configured, p)
		if h.Directory != "" {
			s.directories[p] = newDirectory(h.Directory, tool)
		}
	}
	return s
}

// place is where a history is, and what it is.
type place struct {
	schema, table string
	tool          *tool
	configured    *History // nil: it was discovered
}

// labels are the values of the labels that every family of a history has.
func (p place) labels(more ...string) []string {
	return append([]string{p.schema, p.tool.name, p.table}, more...)
}

// source is the history's name among the sources of the collector.
func (p place) source() string { return p.schema + "." + p.table }

// noLock says that the user told us that the tool takes no lock.
func (p place) noLock() bool { return p.configured != nil && p.configured.NoLock }

// lock returns the name of the user-level lock that the tool holds while it
// works; false when there is none.
func (p place) lock() (string, bool) {
	if p.tool.lock == nil || p.noLock() {
		return "", false
	}
	return p.tool.lock(p.schema, p.table), true
}
