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
// history. An empty table means that nothing was applied.
var golangMigrate = tool{
	name:       "golang-migrate",
	table:      "schema_migrations",
	columns:    []string{"version", "dirty"},
	strict:     true,
	probe:      "SELECT MAX(version) AS a, MAX(dirty + 0) AS b, COUNT(*) AS c FROM {table}",
	read:       readGolangMigrate,
	unfinished: true,
	lock:       golangMigrateLock,
	file:       golangMigrateFile,
	compare:    compareGolangMigrate,
}

func readGolangMigrate(p probe, _ []revision) facts {
	if !p.a.Valid {
		return facts{}
	}
	return facts{version: strconv.FormatInt(p.a.Int64, 10), unfinished: int(p.b.Int64)}
}

// golangMigrateLock is GenerateAdvisoryLockId of "schema:table"
// (database/util.go).
func golangMigrateLock(schema, table string) string {
	const salt = 1486364155
	return fmt.Sprint(crc32.ChecksumIEEE([]byte(schema+":"+table)) * salt)
}

// golangMigrateName is Regex in source/parse.go.
var golangMigrateName = regexp.MustCompile(`^([0-9]+)_(.*)\.(down|up)\.(.*)$`)

// golangMigrateFile reads the name of a file that goes up: each version has one.
func golangMigrateFile(name string) (file, bool) {
	m := golangMigrateName.FindStringSubmatch(name)
	if m == nil || m[3] != "up" {
		return file{}, false
	}
	version, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return file{}, false
	}
	return file{
		name: name, version: strconv.FormatUint(version, 10), created: authored(m[1]),
		description: strings.ReplaceAll(m[2], "_", " "),
	}, true
}

// compareGolangMigrate: pending is what comes after the current version. An older
// file that was never run cannot be told, as only the version is recorded; the
// tool skips it.
func compareGolangMigrate(f facts, _ []revision, all []file) difference {
	d := difference{changed: -1}
	current, err := strconv.ParseInt(f.version, 10, 64)
	if err != nil {
		current = -1
	}
	if current >= 0 {
		d.missing = 1
	}
	for _, one := range all {
		version, err := strconv.ParseUint(one.version, 10, 64)
		switch {
		case err != nil:
		case current < 0 || version > uint64(current):
			d.pending = append(d.pending, one)
		case version == uint64(current):
			d.missing = 0
		}
	}
	return d
}
