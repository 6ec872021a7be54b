// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/migration/release"
)

// Options are what to read on one target.
type Options struct {
	// Discover says to look for every known history that the account can see.
	Discover bool
	// Histories are those that need more than discovery knows. They win over
	// what is discovered.
	Histories []History
	// Lists are what releases push, for histories that name one. nil: there are none.
	Lists *release.Store
}

// History is a history that the user names.
type History struct {
	// Schema is the database, spelled as the tool is told it: the name of the
	// tool's lock is made from it.
	Schema string
	Tool   string // one of [Tools]
	Table  string // empty: the tool's own
	// Directory holds the migration files, or is a file that lists them, one name a
	// line, or the change log of Liquibase that includes the others.
	Directory string
	// Revisions is the name of the list that a release pushes, where there is no
	// directory. Both empty: what is pending is unknown.
	Revisions string
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
	all := tools()
	where := &catalog{tools: all, discover: opts.Discover, configured: configured(all, opts.Histories)}
	folders := directories(where.configured, opts.Lists)
	return []collector.Definition{
		{
			Name:     "migration.history",
			Help:     "Schema migrations: version, state, lock and pending files, from the tools' history tables.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: historyPrivileges()},
			Cost:     "One statement on the keys of up to 50 histories with 1 000 rows; rows are read when a history changed. What is beyond that is looked at every 10 seconds in the background.",
			Families: historyFamilies,
			New: func(t *collector.Target) collector.Collector {
				return &histories{catalog: where, folders: folders, target: t, behind: newBehind()}
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
			New:      func(t *collector.Target) collector.Collector { return discovery{where, t} },
		},
		{
			Name:     "migration.files",
			Help:     "Reads the folders of migration files that the configuration names, and the lists that were pushed.",
			Default:  true,
			Cost:     "Lists the folders; a file is read once, and again when it changed.",
			Every:    filesEvery,
			Families: fileFamilies,
			New:      func(*collector.Target) collector.Collector { return reader{where.configured, folders} },
		},
	}
}

// configured are the places that the user names. The configuration knows the
// tools, and refuses others.
func configured(all []*tool, named []History) []place {
	var places []place
	for i, h := range named {
		for _, t := range all {
			if t.name == h.Tool {
				places = append(places, place{schema: h.Schema, table: cmp.Or(h.Table, t.table), tool: t, configured: &named[i]})
			}
		}
	}
	return places
}
