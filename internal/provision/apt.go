// SPDX-License-Identifier: Apache-2.0

//go:build unix

package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// apt is an apt with a state of its own, in which nothing is installed. Proxies and the like are taken from the
// machine's configuration.
type apt struct {
	dir     string // for its state and its downloads
	sources string // lines of a sources.list; empty: the machine's own sources
	log     io.Writer
}

// unpack downloads the packages with all that they depend on, and unpacks them to root.
func (a apt) unpack(ctx context.Context, root string, packages []string) error {
	if err := a.prepare(); err != nil {
		return err
	}
	if err := a.run(ctx, "apt-get", "-c", a.configFile(), "-q", "update"); err != nil {
		return err
	}
	download := []string{"-c", a.configFile(), "-q", "-y", "--download-only", "--no-install-recommends", "install"}
	if err := a.run(ctx, "apt-get", append(download, packages...)...); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(a.archives(), "*.deb"))
	if err != nil {
		return err
	}
	fmt.Fprintf(a.log, "Unpacking %d packages\n", len(files))
	for _, file := range files {
		if err := a.run(ctx, "dpkg-deb", "-x", file, root); err != nil {
			return err
		}
	}
	return nil
}

func (a apt) configFile() string { return filepath.Join(a.dir, "apt.conf") }
func (a apt) sourceList() string { return filepath.Join(a.dir, "sources.list") }
func (a apt) archives() string   { return filepath.Join(a.dir, "archives") }
func (a apt) lists() string      { return filepath.Join(a.dir, "lists") }
func (a apt) status() string     { return filepath.Join(a.dir, "status") }

func (a apt) prepare() error {
	return errors.Join(
		os.MkdirAll(filepath.Join(a.lists(), "partial"), 0o755),
		os.MkdirAll(filepath.Join(a.archives(), "partial"), 0o755),
		os.WriteFile(a.status(), nil, 0o644),
		os.WriteFile(a.sourceList(), []byte(a.sources), 0o644),
		os.WriteFile(a.configFile(), []byte(a.config()), 0o644),
	)
}

// config comes after the machine's own configuration and takes back what must not happen: hooks, which act on the
// system, and indices that nobody needs here. Without pkgCacheGen::Essential apt would add a whole base system.
func (a apt) config() string {
	lines := []string{
		`Dir::State "` + a.dir + `"`,
		`Dir::State::lists "` + a.lists() + `"`,
		`Dir::State::status "` + a.status() + `"`,
		`Dir::Cache "` + a.dir + `"`,
		`Dir::Cache::archives "` + a.archives() + `"`,
		`Dir::Cache::pkgcache ""`,
		`Dir::Cache::srcpkgcache ""`,
		`Dir::Log "` + a.dir + `"`,
		`pkgCacheGen::Essential "none"`,
		`APT::Sandbox::User "root"`,
		`Acquire::Languages "none"`,
		`#clear APT::Update::Pre-Invoke`,
		`#clear APT::Update::Post-Invoke`,
		`#clear APT::Update::Post-Invoke-Success`,
		`#clear Acquire::IndexTargets::deb::DEP-11`,
		`#clear Acquire::IndexTargets::deb::CNF`,
		`#clear Acquire::IndexTargets::deb::Contents-deb`,
	}
	if a.sources != "" {
		lines = append(lines,
			`Dir::Etc::sourcelist "`+a.sourceList()+`"`,
			`Dir::Etc::sourceparts "/dev/null"`,
			`Dir::Etc::preferences "/dev/null"`,
			`Dir::Etc::preferencesparts "/dev/null"`,
		)
	}
	return strings.Join(lines, ";\n") + ";\n"
}

func (a apt) run(ctx context.Context, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Stdout, command.Stderr = a.log, a.log
	command.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
