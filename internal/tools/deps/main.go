// SPDX-License-Identifier: Apache-2.0

// Command deps gets what `make test` needs beyond Go and make: database and monitoring servers in two editions, which
// it unpacks from packages into the cache folder without any privilege, and a C compiler for the race detector, which
// only root can install.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/easy-erp/dbsync/internal/provision"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "deps:", err)
		os.Exit(1)
	}
}

// run goes on after a failure: the next step may well succeed, and one run should tell all that is missing.
func run(ctx context.Context, w io.Writer) error {
	return errors.Join(
		installHostTools(ctx, w),
		ensure(ctx, w, provision.Distribution()),
		ensure(ctx, w, provision.Tools()),
		ensure(ctx, w, provision.Unstable()),
	)
}

func ensure(ctx context.Context, w io.Writer, root provision.Root) error {
	if err := root.Ensure(ctx, w); err != nil {
		return fmt.Errorf("edition %s: %w", root.Edition, err)
	}
	fmt.Fprintf(w, "edition %s: all at hand: %s\n", root.Edition, strings.Join(root.Programs, ", "))
	return nil
}

// installHostTools installs packages that no service belongs to, so that nothing starts.
func installHostTools(ctx context.Context, w io.Writer) error {
	packages := missingHostPackages()
	if len(packages) == 0 {
		return nil
	}
	install := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, packages...)
	if os.Geteuid() != 0 {
		return fmt.Errorf("missing on this machine; run as root: %s", strings.Join(install, " "))
	}
	for _, line := range [][]string{{"apt-get", "update", "-q"}, install} {
		fmt.Fprintln(w, strings.Join(line, " "))
		command := exec.CommandContext(ctx, line[0], line[1:]...)
		command.Stdout, command.Stderr = w, w
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if err := command.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(line, " "), err)
		}
	}
	return nil
}

func missingHostPackages() []string {
	type need struct {
		there    bool
		packages []string
	}
	needs := []need{
		{inPath("gcc"), []string{"gcc", "libc6-dev"}}, // go test -race
		{inPath("git"), []string{"git"}},              // the version that a build carries
		{inPath("curl"), []string{"curl"}},            // the documented way of reporting a run
		{provision.HasDebianKeys(), []string{"debian-archive-keyring"}},
	}
	// What checks the files that are shipped is not worth a developer's root password; elsewhere their tests are skipped.
	if os.Getenv("CI") == "true" {
		needs = append(needs,
			need{inPath("systemd-analyze"), []string{"systemd"}},
			need{inPath("docker-compose"), []string{"docker-compose"}},
			need{inPath("rpm"), []string{"rpm"}},
			need{inPath("zsh"), []string{"zsh"}},
			need{inPath("python3"), []string{"python3"}},
			need{inPath("chromium-headless-shell"), []string{"chromium-headless-shell", "fonts-dejavu-core"}},
			need{inPath("fusermount3"), []string{"fuse3"}}, // a mount that hangs, without being root
		)
	}
	var packages []string
	for _, n := range needs {
		if !n.there {
			packages = append(packages, n.packages...)
		}
	}
	return packages
}

func inPath(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}
