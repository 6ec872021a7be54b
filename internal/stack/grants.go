// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// grants are the statements that give an account what the exporter's collectors declare and the history that is its
// own: what the documentation tells users to grant, and no more.
func grants(kind sandbox.Kind, account string) []string {
	flavour := collector.MySQL
	if kind == sandbox.MariaDB {
		flavour = collector.MariaDB
	}
	statements := []string{"GRANT SELECT ON " + erp.Schema + ".schema_migrations TO " + account}
	for _, definition := range exporter.Definitions() {
		for _, p := range definition.Needs.Privileges[flavour] {
			if placeholder(p.On) {
				continue
			}
			statements = append(statements, "GRANT "+p.Name+" ON "+p.On+" TO "+account)
		}
	}
	slices.Sort(statements)
	return slices.Compact(statements)
}

// placeholder tells an object that only the user can name from one that every server has.
func placeholder(on string) bool {
	schema, _, _ := strings.Cut(on, ".")
	return !slices.Contains([]string{"*", "mysql", "performance_schema", "sys"}, schema)
}
