// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/easy-erp/dbsync/collector"
)

// flyway is Flyway from version 5. Its table gets a row when a migration has
// ended, well or badly (flyway-core, DbMigrate); `repair` deletes the bad ones.
// While one runs, only its lock shows it.
var flyway = tool{
	name:   "flyway",
	table:  "flyway_schema_history",
	others: []string{"schema_version"},
	columns: []string{
		"installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on",
		"execution_time", "success",
	},
	probe: "SELECT (SELECT MAX(installed_rank) FROM {table}) AS a," +
		" (SELECT COUNT(*) FROM {table} WHERE success = 0) AS b, 0 AS c",
	rows: "SELECT installed_rank, version, description, type, checksum, UNIX_TIMESTAMP(installed_on)," +
		" execution_time, success + 0 FROM {table} WHERE installed_rank > ? ORDER BY installed_rank",
	scan:      scanFlyway,
	read:      readFlyway,
	lock:      flywayLock,
	file:      flywayFile,
	checksum:  flywayChecksum,
	recursive: true,
	compare:   compareFlyway,
}

func scanFlyway(row collector.Row) (revision, error) {
	var r revision
	var version, description, kind sql.NullString
	var checksum sql.NullInt32
	var ended, milliseconds sql.NullFloat64
	var success sql.NullBool
	err := row.Scan(&r.order, &version, &description, &kind, &checksum, &ended, &milliseconds, &success)
	r.version, r.description, r.kind = version.String, description.String, kind.String
	r.ended, r.took, r.good = ended.Float64, milliseconds.Float64/1000, success.Bool
	if checksum.Valid {
		r.checksum = &checksum.Int32
	}
	return r, err
}

// flywayID is what Flyway knows a migration by: its version as compared, or the
// description of one without a version.
func flywayID(version, description string) string {
	if version == "" {
		return "R " + description
	}
	return "V " + normalVersion(version)
}

// flywayNow is the newest row of each migration, which is the one that counts,
// without those that are no migrations.
type flywayNow struct {
	newest   map[string]revision
	baseline string // the version that the schema was taken over at
}

func flywayCurrent(rows []revision) flywayNow {
	now := flywayNow{newest: map[string]revision{}}
	for _, r := range rows {
		switch r.kind {
		case "SCHEMA": // Flyway made the schema
		case "BASELINE":
			if r.good {
				now.baseline = r.version
			}
		default:
			now.newest[flywayID(r.version, r.description)] = r
		}
	}
	return now
}

// undoes reports whether the row takes its version back.
func undoes(r revision) bool { return strings.HasPrefix(r.kind, "UNDO") }

// stands reports whether the row's migration is applied.
func stands(r revision) bool { return r.good && !undoes(r) && r.kind != "DELETE" }

func readFlyway(_ probe, rows []revision) facts {
	now := flywayCurrent(rows)
	f := facts{states: map[state]int{applied: 0, failed: 0, rolledBack: 0}, version: now.baseline}
	for _, r := range now.newest {
		switch {
		case !r.good:
			f.states[failed]++
		case undoes(r):
			f.states[rolledBack]++
		case stands(r):
			f.states[applied]++
			if r.version != "" && (f.version == "" || compareVersions(r.version, f.version) >= 0) {
				f.version, f.description = r.version, r.description
			}
		}
	}
	for i, r := range rows {
		if r.kind == "SCHEMA" || r.kind == "BASELINE" || r.kind == "DELETE" {
			continue
		}
		f.runs = append(f.runs, run{r.ended, status(r.good)})
		if r.good && !undoes(r) {
			f.last = &rows[i]
		}
	}
	return f
}

func status(good bool) string {
	if good {
		return "success"
	}
	return "failed"
}

// flywayLock is "Flyway-" and the hash code of the quoted table
// (MySQLNamedLockTemplate.java).
func flywayLock(schema, table string) string {
	return fmt.Sprintf("Flyway-%d", javaHash(quote(schema)+"."+quote(table)))
}

// javaHash is String.hashCode of Java.
func javaHash(s string) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(unit)
	}
	return h
}
