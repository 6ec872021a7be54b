// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Edition tells apart the versions of a program that are at hand.
type Edition string

// The editions; the package documentation says where each comes from.
const (
	Old   Edition = "old"
	New   Edition = "new"
	Tools Edition = "tools"
)

// MissingError says which program is not on this machine and how to get it.
type MissingError struct {
	Program string
	Edition Edition
}

// Error names the remedy.
func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s (edition %s) on this machine: `make deps` puts one below %s, or let %s name one",
		e.Program, e.Edition, RootDir(e.Edition), variable(e.Edition, e.Program))
}

// Find looks for a program under the given names, the first that is there wins. It fails with a *MissingError.
func Find(edition Edition, names ...string) (Program, error) {
	for _, name := range names {
		if path := os.Getenv(variable(edition, name)); path != "" {
			return programAt(path), nil
		}
	}
	for _, name := range names {
		if program, ok := lookup(edition, name); ok {
			return program, nil
		}
	}
	return Program{}, &MissingError{Program: names[len(names)-1], Edition: edition}
}

// FindMariaDB finds a MariaDB server.
func FindMariaDB() (Program, error) {
	return findServer("mariadbd", isMariaDB, Old, New)
}

// FindMySQL finds a MySQL server.
func FindMySQL() (Program, error) {
	return findServer("mysqld", func(version string) bool { return !isMariaDB(version) }, New, Old)
}

// FindPrometheus finds a Prometheus server.
func FindPrometheus(edition Edition) (Program, error) { return Find(edition, "prometheus") }

// FindAlertmanager finds an Alertmanager, under Debian's or the project's own name.
func FindAlertmanager(edition Edition) (Program, error) {
	return Find(edition, "prometheus-alertmanager", "alertmanager")
}

// findServer asks each candidate what it is, as both products are installed as mysqld by some distributions.
func findServer(name string, wanted func(version string) bool, editions ...Edition) (Program, error) {
	for _, program := range serverCandidates(name, editions) {
		version, err := program.Output(context.Background(), "--no-defaults", "--version")
		if err != nil {
			return Program{}, err
		}
		if wanted(version) {
			return program, nil
		}
	}
	return Program{}, &MissingError{Program: name, Edition: editions[0]}
}

// serverCandidates lists what may be the server, the best first. What the environment names leaves no choice.
func serverCandidates(name string, editions []Edition) []Program {
	if path := os.Getenv(variable(Old, name)); path != "" {
		return []Program{programAt(path)}
	}
	var found []Program
	for _, edition := range editions {
		for _, candidate := range []string{name, "mysqld"} {
			if program, ok := lookup(edition, candidate); ok {
				found = append(found, program)
			}
		}
	}
	return found
}

func isMariaDB(version string) bool { return strings.Contains(version, "MariaDB") }

// variable is the environment variable that points at a program.
func variable(edition Edition, name string) string {
	name = strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(name, "prometheus-"), "-", "_"))
	if edition == New {
		return "DBSYNC_NEW_" + name
	}
	return "DBSYNC_" + name
}

// At is the program at a path that somebody named. Below the usr folder of another root file system it is run with the
// loader and the libraries of that one.
func At(path string) Program { return programAt(path) }

// programAt is the executable that somebody named. Below the usr folder of a root file system it belongs to that one.
func programAt(path string) Program {
	dir := filepath.Dir(filepath.Dir(filepath.Dir(path)))
	if dir == string(filepath.Separator) {
		return Program{Path: path}
	}
	root, err := openRoot(dir)
	if err != nil {
		return Program{Path: path}
	}
	return Program{Path: path, root: root}
}

// lookup tries what is installed, for the machine's own edition, then the edition's root file system.
func lookup(edition Edition, name string) (Program, bool) {
	if edition != New {
		if path, err := exec.LookPath(name); err == nil {
			return Program{Path: path}, true
		}
		// The PATH of an ordinary user lacks the folders where distributions put daemons.
		if program, ok := lookupIn(nil, name, "/usr/sbin", "/usr/local/sbin", "/usr/libexec"); ok {
			return program, true
		}
	}
	root, err := openRoot(RootDir(edition))
	if err != nil {
		return Program{}, false
	}
	return lookupIn(root, name, filepath.Join(root.dir, "usr/sbin"), filepath.Join(root.dir, "usr/bin"))
}

func lookupIn(root *root, name string, dirs ...string) (Program, bool) {
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return Program{Path: path, root: root}, true
		}
	}
	return Program{}, false
}

// RootDir is where the root file system of an edition lies, or would lie.
func RootDir(edition Edition) string {
	name, override := "distribution", "DBSYNC_DISTRIBUTION"
	switch edition {
	case New:
		name, override = "sid", "DBSYNC_SID"
	case Tools:
		name, override = "tools", "DBSYNC_TOOLS"
	}
	if dir := os.Getenv(override); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "dbsync", name)
}
