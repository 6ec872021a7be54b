// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// Toolkit is the command of a program of percona-toolkit: Debian's 3.2 (sandbox.Tools), or with sandbox.New the 3.7 that
// knows MySQL 8.4 and later. Both run with the Perl modules that were unpacked with the former, which are made for this
// machine's Perl.
func Toolkit(t testing.TB, edition sandbox.Edition, name string, args ...string) *exec.Cmd {
	t.Helper()
	program := Tool(t, edition, name)
	usr := filepath.Join(sandbox.RootDir(sandbox.Tools), "usr")
	folders := func(patterns ...string) string {
		var found []string
		for _, pattern := range patterns {
			matches, err := filepath.Glob(filepath.Join(usr, pattern))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, matches...)
		}
		return strings.Join(found, ":")
	}
	command := exec.CommandContext(t.Context(), "perl", append([]string{program.Path}, args...)...)
	command.Env = append(os.Environ(), "PERL5LIB="+folders("lib/*-linux-gnu/perl5/5*", "share/perl5"),
		"LD_LIBRARY_PATH="+folders("lib/*-linux-gnu"), "MARIADB_PLUGIN_DIR="+folders("lib/*-linux-gnu/libmariadb3/plugin"))
	return command
}
