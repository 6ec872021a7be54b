// SPDX-License-Identifier: Apache-2.0

// Command release makes what is published of one commit, into a folder:
// archives for Linux, macOS and Windows, Debian and RPM packages, a list of what
// is in the programs (SBOM), and checksums. It is called by `make release`.
//
// The same commit and the same toolchain give the same bytes: nothing in here
// reads the clock, the machine's name or its accounts.
//
// It is a module of its own, so that nothing else needs the packager.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one commit that is published.
type release struct {
	root    string    // of the repository
	out     string    // the folder for the results
	version string    // 1.2.3, or 0.0.0-dev
	ldflags string    // what the programs carry
	date    time.Time // of the commit
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	root := flags.String("root", ".", "the repository")
	out := flags.String("out", "dist", "the folder for the results, which is emptied")
	version := flags.String("version", "0.0.0-dev", "the version, without a v")
	ldflags := flags.String("ldflags", "-s -w", "flags for the linker")
	date := flags.Int64("date", 0, "when the commit was made, as Unix time")
	only := flags.String("only", "", "platforms, such as linux/amd64,linux/arm64; all when empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not understood; quote names with spaces", flags.Args())
	}
	r := &release{root: *root, version: *version, ldflags: *ldflags, date: time.Unix(*date, 0).UTC()}
	var err error
	if r.out, err = filepath.Abs(*out); err != nil {
		return err
	}
	return r.make(ctx, strings.FieldsFunc(*only, func(c rune) bool { return c == ',' }))
}

// platform is an operating system and a processor, in Go's words.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

func platforms() []platform {
	return []platform{
		{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
	}
}

func (r *release) make(ctx context.Context, only []string) error {
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	helpers, err := r.helpers(ctx)
	if err != nil {
		return err
	}
	for _, p := range chosen {
		fmt.Println(p)
		programs, err := r.build(ctx, p)
		if err != nil {
			return err
		}
		if err := r.publish(p, programs, helpers); err != nil {
			return fmt.Errorf("%v: %w", p, err)
		}
	}
	if err := os.RemoveAll(filepath.Join(r.out, "build")); err != nil {
		return err
	}
	return checksums(r.out)
}

func (r *release) publish(p platform, programs, helpers []file) error {
	contents, err := r.archiveContents(programs, helpers)
	if err != nil {
		return err
	}
	if err := r.archive(p, contents); err != nil {
		return err
	}
	if err := r.bill(p, programs); err != nil {
		return err
	}
	if p.os != "linux" {
		return nil
	}
	return r.packages(p, programs, helpers)
}

func choose(only []string) ([]platform, error) {
	if len(only) == 0 {
		return platforms(), nil
	}
	var chosen []platform
	for _, name := range only {
		found := false
		for _, p := range platforms() {
			if p.String() == name {
				chosen, found = append(chosen, p), true
			}
		}
		if !found {
			return nil, errors.New(name + " is no platform of a release")
		}
	}
	return chosen, nil
}
