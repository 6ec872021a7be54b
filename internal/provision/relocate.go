// SPDX-License-Identifier: Apache-2.0

//go:build unix

package provision

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// Debian's Prometheus and Alertmanager read templates and pages below a fixed folder; without its own, Alertmanager
// does not even start. A path of the same length takes its place that is relative to the root's usr folder, in which
// package sandbox runs services.
const (
	fixedFolder    = "/usr/share/prometheus/"
	relativeFolder = ".////share/prometheus/"
)

// relocate lets the programs of a root find their files there. A program that runs keeps its own file.
func relocate(root string) error {
	programs, err := filepath.Glob(filepath.Join(root, "usr/bin/prometheus*"))
	if err != nil {
		return err
	}
	for _, program := range programs {
		if err := relocateProgram(program); err != nil {
			return fmt.Errorf("relocate %s: %w", program, err)
		}
	}
	return nil
}

func relocateProgram(path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(content, []byte(fixedFolder)) {
		return err
	}
	content = bytes.ReplaceAll(content, []byte(fixedFolder), []byte(relativeFolder))
	fresh := path + ".relocated"
	if err := os.WriteFile(fresh, content, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
