// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Program is an executable at hand, and what it takes to run it.
type Program struct {
	Path string // the executable itself
	root *root  // the root file system that it belongs to, nil for the machine's own
}

// root is an unpacked root file system whose programs are run without chroot.
type root struct {
	dir       string
	loader    string // its dynamic loader
	libraries string // its library folders, colon separated
}

// Command returns what to execute in order to run the program with the given arguments.
func (p Program) Command(args ...string) (path string, argv []string) {
	if p.root == nil {
		return p.Path, args
	}
	return p.root.loader, append([]string{"--library-path", p.root.libraries, p.Path}, args...)
}

// home is the folder to run the program in: one of a root file system finds its files relative to the root's usr folder.
// Empty: any folder.
func (p Program) home() string {
	if p.root == nil {
		return ""
	}
	return filepath.Join(p.root.dir, "usr")
}

// Output runs the program to its end and returns its standard output. An error carries what it wrote to standard error.
func (p Program) Output(ctx context.Context, args ...string) (string, error) {
	path, argv := p.Command(args...)
	out, err := exec.CommandContext(ctx, path, argv...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w%s", p.Path, strings.Join(args, " "), err, standardError(err))
	}
	return string(out), nil
}

func standardError(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return ": " + strings.TrimSpace(string(exit.Stderr))
	}
	return ""
}

// openRoot recognises a root file system by its dynamic loader. The loader is taken from where its file is, as the
// usual name of it may be a symbolic link that only holds after a chroot.
func openRoot(dir string) (*root, error) {
	loader, err := first(dir, "usr/lib/*-linux-gnu*/ld-linux*.so.*", "lib/*-linux-gnu*/ld-linux*.so.*")
	if err != nil {
		return nil, err
	}
	libraries, err := matches(dir, "usr/lib/*-linux-gnu*", "lib/*-linux-gnu*")
	return &root{dir: dir, loader: loader, libraries: strings.Join(libraries, ":")}, err
}

// first returns the first file that one of the patterns below dir matches.
func first(dir string, patterns ...string) (string, error) {
	found, err := matches(dir, patterns...)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s has no %s", dir, strings.Join(patterns, ", "))
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// matches returns all files that the patterns below dir match, in the order of the patterns.
func matches(dir string, patterns ...string) ([]string, error) {
	var all []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}
