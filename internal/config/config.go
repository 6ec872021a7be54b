// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// Config is a configuration that was validated as a whole. It never changes:
// what its methods return are copies.
type Config struct {
	modules       map[string]Module
	targets       []Target
	defaultTarget string
	heartbeat     Heartbeat
	networks      Networks
	connections   int
	collectors    map[string]bool
	discover      bool
	histories     []History
	compared      []string
	backups       []Backup
	archives      []BinlogArchive
	windows       []Window
	stateDir      string
	apis          []API
	logs          []Log
	paths         []Path
	processes     []string
	text          string
}

// Target is a database server.
type Target struct {
	Name    string
	Address string // host:port or unix:///path
	Module  Module
	Source  string // the target that it replicates from; empty: not known
}

// Heartbeat is where pt-heartbeat writes and how.
type Heartbeat struct {
	Schema, Table string // empty: to be found
	UTC           bool
}

// History is a migration history that the file describes.
type History struct {
	Target, Schema, Tool string
	Table                string // empty: the tool's own
	Directory            string // empty: not known
	Revisions            string // the name of a list that is pushed; empty: none
	MaxDuration          time.Duration
	NoLock               bool
}

// Window is a time of planned work on a target.
type Window struct {
	Target   string
	Start    time.Time
	Duration time.Duration
	Reason   string
}

// Open reports whether t lies in the window.
func (w Window) Open(t time.Time) bool {
	return !t.Before(w.Start) && t.Before(w.Start.Add(w.Duration))
}

// Path is a folder and the part that it plays for the database.
type Path struct{ Role, Path string }

// Targets returns the servers, in the file's order.
func (c *Config) Targets() []Target { return slices.Clone(c.targets) }

// Target returns the named server.
func (c *Config) Target(name string) (Target, bool) {
	i := slices.IndexFunc(c.targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, false
	}
	return c.targets[i], true
}

// TargetNames returns the names of the servers, in the file's order.
func (c *Config) TargetNames() []string {
	names := make([]string, len(c.targets))
	for i, t := range c.targets {
		names[i] = t.Name
	}
	return names
}

// DefaultTarget returns the name of the server that /metrics serves; empty when
// there is none and only the host is monitored.
func (c *Config) DefaultTarget() string { return c.defaultTarget }

// Heartbeat returns where pt-heartbeat writes.
func (c *Config) Heartbeat() Heartbeat { return c.heartbeat }

// Module returns the named credentials.
func (c *Config) Module(name string) (Module, bool) {
	m, ok := c.modules[name]
	return m, ok
}

// ModuleNames returns the names of the credentials, sorted.
func (c *Config) ModuleNames() []string { return slices.Sorted(maps.Keys(c.modules)) }

// ProbeAllow returns the addresses that free-form targets may have.
func (c *Config) ProbeAllow() Networks { return c.networks }

// MaxConnections returns the number of connections per target.
func (c *Config) MaxConnections() int { return c.connections }

// Collectors returns what was switched on or off, by collector or group.
func (c *Config) Collectors() map[string]bool { return maps.Clone(c.collectors) }

// Discover reports whether histories that the file does not name are looked for.
func (c *Config) Discover() bool { return c.discover }

// Histories returns the target's migration histories.
func (c *Config) Histories(target string) []History {
	return filter(c.histories, func(h History) bool { return h.Target == target })
}

// CompareSchemas returns the schemas to fingerprint, on every target.
func (c *Config) CompareSchemas() []string { return slices.Clone(c.compared) }

// Backups returns the target's backups.
func (c *Config) Backups(target string) []Backup {
	return filter(c.backups, func(b Backup) bool { return b.Target == target })
}

// BinlogArchives returns the archives of the target's binary logs.
func (c *Config) BinlogArchives(target string) []BinlogArchive {
	return filter(c.archives, func(a BinlogArchive) bool { return a.Target == target })
}

// Windows returns the target's times of planned work.
func (c *Config) Windows(target string) []Window {
	return filter(c.windows, func(w Window) bool { return w.Target == target })
}

// StateDir returns the folder that keeps the newest runs.
func (c *Config) StateDir() string { return c.stateDir }

// APIs returns the HTTP interfaces to watch.
func (c *Config) APIs() []API { return slices.Clone(c.apis) }

// Logs returns the logs whose lines are counted.
func (c *Config) Logs() []Log { return slices.Clone(c.logs) }

// Paths returns the folders whose file systems are reported.
func (c *Config) Paths() []Path { return slices.Clone(c.paths) }

// Processes returns the names of the processes that are reported.
func (c *Config) Processes() []string { return slices.Clone(c.processes) }

// YAML returns the configuration in force, its defaults filled in and its
// secrets masked.
func (c *Config) YAML() string { return c.text }

func filter[T any](all []T, keep func(T) bool) []T {
	var kept []T
	for _, one := range all {
		if keep(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

// render is the text that YAML returns.
func render(f *file) (string, error) {
	text, err := yaml.Marshal(f)
	return string(text), err
}
