// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// The ports that are taken when they are free. The first three are those of the shipped files.
const (
	ExporterPort     = 19104
	PrometheusPort   = 9090
	AlertmanagerPort = 9093
	DatabasePort     = 3306
	GrafanaPort      = 3000
)

// DefaultPace makes the shipped waits short enough to watch: the last level that is told within the hour, by the shipped
// files, is told within minutes.
const DefaultPace = 0.1

// Instance is the name under which the server is watched: the target's name and the label `instance`.
const Instance = "erp-primary"

// Options say what to run, and how. The zero value runs everything with the machine's own programs.
type Options struct {
	// Dir is the folder for all files. It must be new, empty or of an earlier run, and keeps configuration, logs and
	// dumps. Empty: a temporary folder, which Stop removes.
	Dir string
	// Server is the login to the user's own server, on which nothing is created, written or broken. nil: a MariaDB of
	// the stack's own with the demo company.
	Server *mysql.Config
	// Programs are what to run; those without a path are looked for on the machine.
	Programs Programs
	// PortOffset is added to every port.
	PortOffset int
	// FreePorts takes free ports instead of the known ones.
	FreePorts bool
	// Pace multiplies the waits of rules and routes; 1 is as shipped. DefaultPace when 0.
	Pace float64
	// BackupEvery is the interval between two dumps of the own server; two minutes when 0.
	BackupEvery time.Duration
	// Values has the last word on the values that the shipped files are rendered with. May be nil.
	Values func(*render.Values)
	// Observe is told what happens, from several goroutines, one at a time. May be nil.
	Observe func(Event)
}

// Programs are the servers and tools that the stack runs.
type Programs struct {
	Database     sandbox.Program // a MariaDB or MySQL server
	Dump         sandbox.Program // the dump tool of that product
	Prometheus   sandbox.Program
	Alertmanager sandbox.Program
	Grafana      sandbox.Program // without a path: it is not installed, and not run
}

// Event is something that a person who watches wants to know.
type Event struct {
	At     time.Time
	Source string // the part that it happened to: "mariadb", "backup", "mail"
	Text   string
}

func (o *Options) defaults() {
	if o.Pace == 0 {
		o.Pace = DefaultPace
	}
	if o.BackupEvery == 0 {
		o.BackupEvery = 2 * time.Minute
	}
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
}
