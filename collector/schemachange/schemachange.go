// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	objectsEvery = time.Minute
	// patience is how long a tool may be without a sign of life: several scrapes,
	// and a pause or two of its own.
	patience = 5 * time.Minute
)

// Definitions declares the collectors of one target's schema changes. They share
// what they find: call it once for each target.
func Definitions() []collector.Definition {
	shared := &objects{}
	return []collector.Definition{
		{
			Name:     "migration.schema_changes",
			Help:     "Schema changes in progress: ALTER TABLE, gh-ost, pt-online-schema-change and Spirit.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: changePrivileges()},
			Cost:     "One statement on the list of threads, one for each tool that is at work, ten at most for tables of tools that show no sign of life, and one for each history of pt-online-schema-change.",
			Families: changeFamilies,
			New: func(t *collector.Target) collector.Collector {
				return &changes{objects: shared, target: t, started: map[session]time.Time{}}
			},
		},
		{
			Name:     "migration.schema_change_leftovers",
			Help:     "Looks for tables and triggers of gh-ost, pt-online-schema-change and Spirit.",
			Default:  true,
			Needs:    collector.Needs{Server: true, Privileges: objectPrivileges()},
			Cost:     "Every minute the names of all tables and triggers, and the details of those that are such a tool's.",
			Every:    objectsEvery,
			Families: leftoverFamilies,
			New:      func(t *collector.Target) collector.Collector { return leftovers{shared, t} },
		},
	}
}

func changePrivileges() map[collector.Flavour][]collector.Privilege {
	const why = "which ALTER TABLE runs, and how far it is"
	return map[collector.Flavour][]collector.Privilege{
		collector.MySQL: {
			{Name: "SELECT", On: "performance_schema.threads", Why: why},
			{Name: "SELECT", On: "performance_schema.events_stages_current", Why: why},
		},
		collector.MariaDB: {{Name: "PROCESS", On: "*.*", Why: why}},
	}
}

func objectPrivileges() map[collector.Flavour][]collector.Privilege {
	trigger := []collector.Privilege{{
		Name: "TRIGGER", On: "app.*", Optional: true,
		Why: "to see what gh-ost, pt-online-schema-change and Spirit left behind, without the right to read it",
	}}
	return map[collector.Flavour][]collector.Privilege{collector.MySQL: trigger, collector.MariaDB: trigger}
}
