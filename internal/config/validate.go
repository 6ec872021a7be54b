// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/internal/suggest"
)

// validator turns the file into a Config and reports all that is wrong with it.
type validator struct {
	*problems
	known  Known
	config *Config
}

// validate fills the defaults in, checks everything, and returns the immutable
// configuration or every problem there is.
func (f *file) validate(known Known, p *problems) (*Config, error) {
	f.setDefaults()
	v := &validator{problems: p, known: known, config: &Config{
		modules: map[string]Module{}, defaultTarget: f.MySQL.DefaultTarget, discover: *f.Migrations.Discover,
		networks: Networks{f.MySQL.ProbeAllow}, connections: f.MySQL.MaxConnections,
		collectors: maps.Clone(f.Collectors), processes: slices.Clone(f.Host.Processes), stateDir: f.Jobs.StateDir,
	}}
	v.mysql(&f.MySQL)
	v.collectors(f.Collectors)
	v.histories(f.Migrations.Histories)
	v.compared(f.Migrations.CompareSchemas)
	v.backups(f.Backups)
	v.archives(f.BinlogArchives)
	v.windows(f.Maintenance)
	v.absolute("jobs.state_dir", f.Jobs.StateDir)
	v.apis(f.APIs)
	v.logs(f.Logs)
	v.host(&f.Host)
	if err := v.err(); err != nil {
		return nil, err
	}
	text, err := render(f)
	v.config.text = text
	return v.config, err
}

// setDefaults writes the defaults, so that they show wherever the configuration
// is shown.
func (f *file) setDefaults() {
	m := &f.MySQL
	setDefault(&m.MaxConnections, 2)
	for name, module := range m.Modules {
		if module.MyCnf == "" {
			setDefault(&module.TLS.Mode, ModeAuto)
			m.Modules[name] = module
		}
	}
	for i := range m.Targets {
		setDefault(&m.Targets[i].Module, defaultModule)
	}
	if len(m.Targets) > 0 {
		setDefault(&m.DefaultTarget, m.Targets[0].Name)
	}
	if f.Migrations.Discover == nil {
		on := true
		f.Migrations.Discover = &on
	}
	for i := range f.Migrations.Histories {
		setDefault(&f.Migrations.Histories[i].Target, m.DefaultTarget)
	}
	for i := range f.Backups {
		f.Backups[i].setDefaults(m.DefaultTarget)
	}
	for i := range f.BinlogArchives {
		setDefault(&f.BinlogArchives[i].Target, m.DefaultTarget)
		f.BinlogArchives[i].S3.setDefaults()
	}
	setDefault(&f.Jobs.StateDir, "/var/lib/dbsync")
	for i := range f.Maintenance {
		setDefault(&f.Maintenance[i].Target, m.DefaultTarget)
	}
	for i := range f.APIs {
		f.APIs[i].setDefaults()
	}
	for i := range f.Logs {
		setDefault(&f.Logs[i].Format, "plain")
	}
	if f.Host.Processes == nil {
		f.Host.Processes = []string{"mysqld", "mariadbd"}
	}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validName is what the names of targets and backups look like: they become
// label values and parts of URLs, and must not look like an address.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// name checks a name and that no other entry of its list has it.
func (v *validator) name(key, name string, taken map[string]bool) {
	switch {
	case name == "":
		v.add(key, "missing: give it a name")
	case !validName.MatchString(name):
		v.add(key, "%q: want letters, digits, dots, dashes and underscores", name)
	case taken[name]:
		v.add(key, "%q is the name of another one: choose a unique name", name)
	}
	taken[name] = true
}

// target checks the name of a target that something belongs to.
func (v *validator) target(key, name string) {
	names := v.config.TargetNames()
	switch {
	case slices.Contains(names, name):
	case name == "":
		v.add(key, "there is no target it could belong to: list one under mysql.targets")
	default:
		v.add(key, "no target is called %q: %s", name, suggest.Name(name, names))
	}
}

func (v *validator) required(key, value string) {
	if value == "" {
		v.add(key, "missing")
	}
}

func (v *validator) unused(key, value, why string) {
	if value != "" {
		v.add(key, "%s", why)
	}
}

func (v *validator) absolute(key, path string) {
	if err := checkAbsolute(path); err != nil {
		v.add(key, "%v", err)
	}
}

func (v *validator) oneOf(key, value string, allowed ...string) {
	switch {
	case value == "":
		v.add(key, "missing: want %s", strings.Join(allowed, " or "))
	case !slices.Contains(allowed, value):
		v.add(key, "%q: want %s", value, strings.Join(allowed, ", "))
	}
}

func (v *validator) collectors(switches map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(switches)) {
		if len(v.known.Collectors) > 0 && !slices.Contains(v.known.Collectors, name) {
			v.add("collectors."+name, "no collector or group is called %q: %s", name, suggest.Name(name, v.known.Collectors))
		}
	}
}

// listName is the name of a list that releases push.
var listName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (v *validator) histories(entries []historyEntry) {
	for i, e := range entries {
		key := fmt.Sprintf("migrations.histories[%d]", i)
		v.target(key+".target", e.Target)
		v.required(key+".schema", e.Schema)
		v.required(key+".tool", e.Tool)
		if tools := v.known.Tools; e.Tool != "" && len(tools) > 0 && !slices.Contains(tools, e.Tool) {
			v.add(key+".tool", "%q cannot be read: %s", e.Tool, suggest.Name(e.Tool, tools))
		}
		v.absolute(key+".directory", e.Directory)
		switch {
		case e.Revisions == "":
		case e.Directory != "":
			v.add(key+".revisions", "there is a directory, which says what the migrations are: remove one of the two")
		case !listName.MatchString(e.Revisions):
			v.add(key+".revisions", "%q: want up to 100 letters, digits, dots, dashes and underscores", e.Revisions)
		}
		v.config.histories = append(v.config.histories, History{
			Target: e.Target, Schema: e.Schema, Tool: e.Tool, Table: e.Table, Directory: e.Directory, Revisions: e.Revisions,
			MaxDuration: time.Duration(e.MaxDuration), NoLock: e.NoLock,
		})
	}
}

func (v *validator) compared(schemas []string) {
	for i, name := range schemas {
		key := fmt.Sprintf("migrations.compare_schemas[%d]", i)
		v.required(key, name)
		if slices.Contains(schemas[:i], name) {
			v.add(key, "%q is there already: remove one", name)
		}
	}
	v.config.compared = slices.Clone(schemas)
}

func (v *validator) windows(entries []maintenanceEntry) {
	for i, e := range entries {
		key := fmt.Sprintf("maintenance[%d]", i)
		v.target(key+".target", e.Target)
		if e.Start.IsZero() {
			v.add(key+".start", "missing")
		}
		if e.Duration == 0 {
			v.add(key+".duration", "missing")
		}
		v.config.windows = append(v.config.windows, Window{
			Target: e.Target, Start: e.Start.Time, Duration: time.Duration(e.Duration), Reason: e.Reason,
		})
	}
}

func (v *validator) host(h *hostSection) {
	for i, e := range h.Paths {
		key := fmt.Sprintf("host.paths[%d]", i)
		v.oneOf(key+".role", e.Role, "datadir", "binlog", "tmpdir", "backup")
		v.required(key+".path", e.Path)
		v.absolute(key+".path", e.Path)
		v.config.paths = append(v.config.paths, Path(e))
	}
	for i, name := range h.Processes {
		v.required(fmt.Sprintf("host.processes[%d]", i), name)
	}
}
