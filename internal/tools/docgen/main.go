// SPDX-License-Identifier: Apache-2.0

// Command docgen writes the reference documentation: docs/metrics.md and
// docs/grants.md from what the collectors declare, docs/configuration.md from the
// types of the configuration file and the flags of the program. `make docs` runs
// it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/internal/exporter"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docgen ROOT-OF-THE-REPOSITORY")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

// run writes every page.
func run(root string) error {
	defs := exporter.Definitions()
	var errs []error
	for name, page := range map[string]func() (string, error){
		"metrics.md":       func() (string, error) { return metrics(defs) },
		"grants.md":        func() (string, error) { return grants(defs), nil },
		"configuration.md": func() (string, error) { return configuration(root) },
	} {
		text, err := page()
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "docs", name), []byte(text), 0o644)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
