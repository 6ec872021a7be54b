// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// hostExporters are the names, as the kernel cuts them, of programs that give the
// node_* metrics of the host collector too.
var hostExporters = []string{"node_exporter", "prometheus-node"}

// neighbour returns the name of a running program that exports the same host
// metrics, or "": both together count the host twice.
func neighbour(proc string) string {
	names, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "comm"))
	if err != nil {
		return ""
	}
	for _, path := range names {
		name, err := os.ReadFile(path)
		if err == nil && slices.Contains(hostExporters, strings.TrimSpace(string(name))) {
			return strings.TrimSpace(string(name))
		}
	}
	return ""
}
