// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"
)

// golangMigrate is golang-migrate/migrate, v3 and v4. Its table holds the
// current version in a single row; dirty is set while a migration runs, and
// stays set when it fails (database/mysql/mysql.go, SetVersion). No times, no
// history. An empty table means that nothing was applied; version -1 with dirty
// set, that it failed to take back the first migration.
func golangMigrate() *tool {
	return &tool{
		name:    "golang-migrate",
		table:   "schema_migrations",
		columns: []string{"version bigint", "dirty"},
		exact:   true,
		rows: selection{
			version: "NULLIF(version, -1)",
			state:   "IF(dirty + 0 = 0, 'applied', 'unfinished')",
			mark:    "MAX(version), MAX(dirty + 0)",
		},
		states:  []state{unfinished},
		current: every,
		lock:    lock{names: golangMigrateLock},
		files:   files{wanted: golangMigrateFile, compare: compareGolangMigrate},
	}
}

// golangMigrateLock is GenerateAdvisoryLockId of "schema:table"
// (database/util.go).
func golangMigrateLock(schema, table string) []string {
	const salt = 1486364155
	return []string{fmt.Sprint(crc32.ChecksumIEEE([]byte(schema+":"+table)) * salt)}
}

// golangMigrateName is Regex in source/parse.go.
var golangMigrateName = regexp.MustCompile(`^([0-9]+)_(.*)\.(down|up)\.(.*)$`)

// golangMigrateFile reads the name of a file that goes up: each version has one.
func golangMigrateFile(path string) (file, bool) {
	m := golangMigrateName.FindStringSubmatch(path)
	if m == nil || m[3] != "up" {
		return file{}, false
	}
	version, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return file{}, false
	}
	return file{version: strconv.FormatUint(version, 10), description: strings.ReplaceAll(m[2], "_", " ")}, true
}

// compareGolangMigrate: pending is what comes after the current version. An older
// file that was never run cannot be told, as only the version is recorded; the
// tool skips it.
func compareGolangMigrate(_ *tool, f facts, all []file) difference {
	d := difference{late: -1, changed: -1}
	current := ""
	if len(f.current) > 0 {
		current = f.current[0].version
	}
	if current != "" {
		d.missing = 1
	}
	for _, one := range all {
		switch c := compareVersions(one.version, current); {
		case current == "" || c > 0:
			d.pending = append(d.pending, one)
		case c == 0:
			d.missing = 0
		}
	}
	return d
}
