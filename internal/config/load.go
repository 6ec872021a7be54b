// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// The flags and the variable that describe one server without a file. Messages
// name them, so that the command line has to use these names.
const (
	FlagAddress = "mysql.address"
	FlagUser    = "mysql.user"
	FlagMyCnf   = "config.my-cnf"
	EnvPassword = "DBSYNC_MYSQL_PASSWORD"
)

// Options is what comes from elsewhere than the file.
type Options struct {
	// Server describes the one server of a configuration that lists none.
	Server Server
	// Collectors are the switches of the command line, which win over the file's.
	Collectors map[string]bool
	// Known are the names that the rest of the program knows.
	Known Known
	// Getenv finds the variables that values name as ${NAME}. nil: the process's.
	Getenv func(string) (string, bool)
}

// Server is a server as flags and environment describe it.
type Server struct {
	Address, User, MyCnf string
	Password             Secret
}

// Known are names that the file may use and that this package cannot know.
type Known struct {
	Collectors    []string // with their groups
	Tools         []string // migration tools
	Methods       []string // of backups
	AccessFormats []string // of access logs
	LogFormats    []string
	Route         func(template string) error // says what is wrong with a template of paths
}

// defaultModule is the module of targets that name none, and defaultTarget the
// target that flags describe.
const (
	defaultModule = "default"
	defaultTarget = "default"
)

// Load reads the file at path, or with an empty path what the options describe.
// Without a server there either, only the host is monitored. The error joins a
// [Problem] for each thing that is wrong.
func Load(path string, options Options) (*Config, error) {
	if path == "" {
		return Parse("flags", nil, options)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, options)
}

// Parse is Load for the text of a file that is called name.
func Parse(name string, data []byte, options Options) (*Config, error) {
	if options.Getenv == nil {
		options.Getenv = os.LookupEnv
	}
	d := &decoder{problems: &problems{where: filepath.Base(name), places: map[string]place{}}, getenv: options.Getenv}
	var f file
	if doc := d.parse(data); doc != nil {
		d.value("", doc.Line, doc, reflect.ValueOf(&f).Elem())
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	f.overlay(options, d.problems)
	return f.validate(options.Known, d.problems)
}

// overlay adds what flags and environment say.
func (f *file) overlay(o Options, p *problems) {
	for name, on := range o.Collectors {
		if f.Collectors == nil {
			f.Collectors = map[string]bool{}
		}
		f.Collectors[name] = on
		p.places["collectors."+name] = place{where: "--collector." + name}
	}
	named := o.Server.Address != "" || o.Server.User != "" || o.Server.MyCnf != ""
	switch {
	case len(f.MySQL.Targets) == 0 && o.Server != (Server{}):
		f.addServer(o.Server, p)
	case named:
		p.add("mysql.targets", "the file lists the targets: remove --%s, --%s and --%s, which describe the only one", FlagAddress, FlagUser, FlagMyCnf)
	}
}

// addServer writes the one server of the flags as the file would.
func (f *file) addServer(s Server, p *problems) {
	address := s.Address
	if address == "" && s.MyCnf != "" {
		c, err := readMyCnf(homed(s.MyCnf))
		if err == nil { // else validate reports it
			address = c.address()
		}
	}
	if address == "" {
		address = "127.0.0.1:3306"
	}
	if f.MySQL.Modules == nil {
		f.MySQL.Modules = map[string]moduleEntry{}
	}
	m := f.MySQL.Modules[defaultModule]
	m.User, m.Password, m.MyCnf = first(s.User, m.User), s.Password, first(s.MyCnf, m.MyCnf)
	f.MySQL.Modules[defaultModule] = m
	f.MySQL.Targets = []targetEntry{{Name: defaultTarget, Address: address}}
	for key, flag := range map[string]string{
		"mysql.targets[0]": FlagAddress, "mysql.modules.default.user": FlagUser, "mysql.modules.default.my_cnf": FlagMyCnf,
	} {
		if _, written := p.places[key]; !written {
			p.places[key] = place{where: "--" + flag}
		}
	}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// homed replaces a leading ~ by the home folder, as the MySQL clients do.
func homed(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// errNotAbsolute is about paths that would depend on where the daemon was started.
var errNotAbsolute = errors.New("want an absolute path: a relative one depends on where the exporter was started")

func checkAbsolute(path string) error {
	if path != "" && !filepath.IsAbs(path) {
		return errNotAbsolute
	}
	return nil
}
