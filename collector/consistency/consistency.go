// SPDX-License-Identifier: Apache-2.0

// Package consistency shows whether servers that should be alike are: their
// schemas by fingerprints, which are compared in PromQL, their rows by what
// pt-table-checksum found, and the tasks of tools that copy from one to the other by
// the tables that these keep, a file for each tool.
package consistency

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/schema"
)

// Options are what to read on one target.
type Options struct {
	Schemas []string // to fingerprint
}

const (
	fingerprintEvery = 5 * time.Minute
	checksumEvery    = time.Minute
)

var fingerprint = &collector.Family{
	Name: "dbsync_schema_fingerprint_info", Labels: []string{"schema", "hash"},
	Help: "1 for the fingerprint of what the schema is made of: tables, columns, indexes, constraints, views, routines and triggers. " +
		"The same on servers whose schema is the same, of another version or flavour too, read with the same privileges. Routines are in it " +
		"where the account may see them (MySQL: SHOW_ROUTINE; MariaDB: SELECT on mysql.proc). " +
		"`dbsyncctl check drift` tells what differs.",
	Source: "information_schema",
}

// Definitions declares the collectors of one target.
func Definitions(opts Options) []collector.Definition {
	return []collector.Definition{
		{
			Name:     "migration.fingerprints",
			Help:     "Fingerprints of the schemas that the configuration names.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: schemaPrivileges()},
			Cost:     "Every 5 minutes ten statements on information_schema for each schema; MariaDB opens its tables for them.",
			Every:    fingerprintEvery,
			Families: []*collector.Family{fingerprint},
			New:      func(t *collector.Target) collector.Collector { return fingerprints{opts.Schemas, t.Server} },
		},
		{
			Name:     "migration.checksums",
			Help:     "What pt-table-checksum found: on a replica, where it differs from its source.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: checksumPrivileges()},
			Cost:     "Every minute one statement to find the table, and one that reads it: a row for each chunk of each table.",
			Every:    checksumEvery,
			Families: checksumFamilies,
			New:      func(t *collector.Target) collector.Collector { return checksums{t.Server} },
		},
		{
			Name:     "migration.sync",
			Help:     "Tasks of AWS DMS, Maxwell, TiDB DM and Vitess: whether they run, what failed, and what they left different.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: syncPrivileges()},
			Cost:     "Every minute one statement to find the tables by their names, and up to six for each tool that is found.",
			Every:    syncEvery,
			Families: syncFamilies,
			New:      func(t *collector.Target) collector.Collector { return syncs{t.Server} },
		},
	}
}

func syncPrivileges() map[collector.Flavour][]collector.Privilege {
	var all []collector.Privilege
	for schema, tool := range map[string]string{"awsdms_control": "AWS DMS", "maxwell": "Maxwell", "dm_meta": "TiDB DM", "_vt": "Vitess"} {
		all = append(all, collector.Privilege{Name: "SELECT", On: schema + ".*", Optional: true, Why: "the tasks of " + tool})
	}
	slices.SortFunc(all, func(a, b collector.Privilege) int { return cmp.Compare(a.Why, b.Why) })
	return map[collector.Flavour][]collector.Privilege{collector.MySQL: all, collector.MariaDB: all}
}

func schemaPrivileges() map[collector.Flavour][]collector.Privilege {
	all := []collector.Privilege{
		{Name: "REFERENCES", On: "*.*", Optional: true, Why: "fingerprints: tables, columns, indexes and constraints"},
		{Name: "SHOW VIEW", On: "app.*", Optional: true, Why: "fingerprints: what views select"},
		{Name: "TRIGGER", On: "app.*", Optional: true, Why: "fingerprints: triggers"},
	}
	return map[collector.Flavour][]collector.Privilege{collector.MySQL: all, collector.MariaDB: all}
}

type fingerprints struct {
	schemas []string
	server  collector.Server
}

func (f fingerprints) Collect(ctx context.Context, out *collector.Sink) error {
	if len(f.schemas) == 0 {
		return collector.Skip(collector.Unconfigured, "name migrations.compare_schemas")
	}
	for _, name := range f.schemas {
		out.Source(ctx, name, func(ctx context.Context, out *collector.Sink) error {
			s, err := schema.Read(ctx, f.server, name)
			if err == nil && len(s) > 0 {
				out.Emit(fingerprint, 1, name, s.Hash())
			}
			return err
		})
	}
	return nil
}
