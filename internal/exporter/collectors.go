// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"reflect"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/app"
	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/collector/consistency"
	"github.com/easy-erp/dbsync/collector/host"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/collector/migration/release"
	"github.com/easy-erp/dbsync/collector/mysql"
	"github.com/easy-erp/dbsync/collector/schemachange"
	"github.com/easy-erp/dbsync/internal/config"
)

// Definitions returns every collector there is, for documentation and flags. The
// declarations are the real ones; only what a configuration adds is missing.
func Definitions() []collector.Definition {
	p := plan{target: config.Target{Name: "documentation"}, host: &hostPlan{}}
	return definitions(p, nil, job.New(job.Options{}))
}

// Names returns the names of the definitions and of their groups, sorted: what
// can be switched on and off.
func Names(defs []collector.Definition) []string {
	var names []string
	for _, d := range defs {
		group, _, _ := strings.Cut(d.Name, ".")
		names = append(names, d.Name, group)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Known returns the names that a configuration may use.
func Known() config.Known {
	return config.Known{
		Collectors: Names(Definitions()), Tools: migration.Tools(), Methods: backup.Methods(),
		AccessFormats: app.Formats(), LogFormats: app.LogFormats(), Route: app.CheckRoute,
	}
}

// plan is what a target shall be. Targets whose plans are equal are the same.
type plan struct {
	target      config.Target // zero: the host alone
	connections int
	switches    map[string]bool
	noDefaults  bool
	discover    bool
	histories   []config.History
	compared    []string
	heartbeat   config.Heartbeat
	backups     []config.Backup
	archives    []config.BinlogArchive
	windows     []config.Window
	stateDir    string    // of the runs, which backups may be
	host        *hostPlan // of the default target
	visitor     bool      // a free-form target: nothing in the background, nothing configured
	networks    config.Networks
}

// hostPlan is what is collected beside the default target.
type hostPlan struct {
	paths     []config.Path
	processes []string
	apis      []config.API
	logs      []config.Log
	feeds     []job.Feed // of all targets' backups
}

func (p plan) equal(q plan) bool { return reflect.DeepEqual(p, q) }

// definitions lists the collectors of a planned target. This is the one place
// that knows them all.
func definitions(p plan, server collector.Server, runs *job.Store) []collector.Definition {
	var defs []collector.Definition
	if p.target.Name != "" {
		defs = append(defs, maintenance(p.windows))
		defs = append(defs, mysql.Definitions()...)
		defs = append(defs, mysql.Heartbeat(mysql.HeartbeatTable{Schema: p.heartbeat.Schema, Name: p.heartbeat.Table, UTC: p.heartbeat.UTC}))
		defs = append(defs, migration.Definitions(p.migrations())...)
		defs = append(defs, schemachange.Definitions()...)
		defs = append(defs, consistency.Definitions(consistency.Options{Schemas: p.compared})...)
		defs = append(defs, backup.Definition(backup.Options{
			Backups: p.watched(), Archives: p.archived(), Runs: runs, StateDir: p.stateDir,
		}))
	}
	if p.host != nil {
		defs = append(defs, host.Definition(p.host.options(p.target, server)), job.Definition(runs, p.host.feeds...))
		defs = append(defs, app.Definitions(p.application())...)
	}
	return defs
}

// migrations turns the plan into the collectors' options.
func (p plan) migrations() migration.Options {
	o := migration.Options{Discover: p.discover, Lists: release.New(p.stateDir)}
	for _, h := range p.histories {
		o.Histories = append(o.Histories, migration.History{
			Schema: h.Schema, Tool: h.Tool, Table: h.Table, Directory: h.Directory, Revisions: h.Revisions, MaxDuration: h.MaxDuration, NoLock: h.NoLock,
		})
	}
	return o
}

// options turns the plan into the collector's options. Folders that belong to a
// server elsewhere are reported only when it turns out to run on this machine.
func (h *hostPlan) options(target config.Target, server collector.Server) host.Options {
	o := host.Options{Processes: h.processes}
	var ofServer []host.Path
	for _, p := range h.paths {
		if p.Role == "backup" || server == nil || target.Local() {
			o.Paths = append(o.Paths, host.Path(p))
		} else {
			ofServer = append(ofServer, host.Path(p))
		}
	}
	if server != nil {
		o.Discover = localPaths(server, ofServer)
	}
	return o
}
