// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// file is one that is shipped.
type file struct {
	name string // with slashes, as it is shipped
	path string // on this machine, unless there is a text
	text []byte
	mode fs.FileMode
}

// content reads the file.
func (f file) content() ([]byte, error) {
	if f.path == "" {
		return f.text, nil
	}
	return os.ReadFile(f.path)
}

// names are the programs that are shipped.
func names() []string { return []string{"dbsync_exporter", "dbsyncctl"} }

// build compiles the programs for a platform.
func (r *release) build(ctx context.Context, p platform) ([]file, error) {
	var programs []file
	for _, name := range names() {
		binary := name
		if p.os == "windows" {
			binary += ".exe"
		}
		target := filepath.Join(r.out, "build", p.os+"_"+p.arch, binary)
		command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", r.ldflags, "-o", target, "./cmd/"+name)
		command.Dir = r.root
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0")
		command.Stderr = os.Stderr
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("go build ./cmd/%s for %v: %w", name, p, err)
		}
		programs = append(programs, file{name: binary, path: target, mode: 0o755})
	}
	return programs, nil
}

// helpers are the manual pages and the completions, as the programs themselves
// write them. They are built for this machine to ask them.
func (r *release) helpers(ctx context.Context) ([]file, error) {
	dir, err := os.MkdirTemp("", "dbsync-release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var all []file
	for _, name := range names() {
		program := filepath.Join(dir, name)
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", r.ldflags, "-o", program, "./cmd/"+name)
		build.Dir, build.Stderr = r.root, os.Stderr
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("go build ./cmd/%s: %w", name, err)
		}
		page, err := output(ctx, program, "--help-man")
		if err != nil {
			return nil, err
		}
		bash, err := output(ctx, program, "--completion-script-bash")
		if err != nil {
			return nil, err
		}
		zsh, err := output(ctx, program, "--completion-script-zsh")
		if err != nil {
			return nil, err
		}
		all = append(all,
			file{name: "man/" + name + ".1", text: manual(name, r.version, r.date, page), mode: 0o644},
			file{name: "completions/" + name + ".bash", text: bash, mode: 0o644},
			file{name: "completions/_" + name, text: zsh, mode: 0o644},
		)
	}
	return all, nil
}

func output(ctx context.Context, program string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s %v: %w: %s", filepath.Base(program), args, err, stderr.String())
	}
	return stdout.Bytes(), nil
}
