// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// flyway is Flyway from version 5. Its table gets a row when a migration has
// ended, well or badly (flyway-core, DbMigrate); `repair` deletes the bad ones.
// While one runs, only its lock shows it.
func flyway() *tool {
	return &tool{
		name:   "flyway",
		table:  "flyway_schema_history",
		others: []string{"schema_version"},
		columns: []string{
			"installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on",
			"execution_time", "success",
		},
		rows: selection{
			order: "installed_rank", version: "version", description: "description", checksum: "checksum",
			state: "CASE WHEN type = 'SCHEMA' THEN '' WHEN success + 0 = 0 THEN 'failed' WHEN type = 'BASELINE' THEN 'baseline'" +
				" WHEN type = 'DELETE' THEN 'deleted' WHEN type LIKE 'UNDO%' THEN 'rolled_back'" +
				" WHEN type IN ('SQL', 'SCRIPT') THEN 'applied' ELSE 'coded' END",
			ended: "IF(type IN ('BASELINE', 'DELETE'), NULL, UNIX_TIMESTAMP(installed_on))", took: "execution_time / 1000",
			mark: "(SELECT COUNT(*) FROM {table} WHERE success = 0)",
		},
		states: []state{applied, failed, rolledBack},
		lock:   lock{names: flywayLock},
		files:  files{wanted: flywayFile, inside: flywayInside, deep: true},
		same:   flywayID,
	}
}

// flywayID is what Flyway knows a migration by: its version as compared, or the
// description of one without a version.
func flywayID(version, description string) string {
	if version == "" {
		return "R " + description
	}
	return "V " + normalVersion(version)
}

// flywayLock is "Flyway-" and the hash code of the quoted table
// (MySQLNamedLockTemplate.java).
func flywayLock(schema, table string) []string {
	return []string{fmt.Sprintf("Flyway-%d", javaHash(quote(schema)+"."+quote(table)))}
}

// javaHash is String.hashCode of Java.
func javaHash(s string) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(unit)
	}
	return h
}

// flywayName is Flyway's default naming: V for a version, R for what is run
// again when it changed. Undo scripts and baselines are never pending.
var flywayName = regexp.MustCompile(`^(?:V([0-9]+(?:[._][0-9]+)*)|R)__(.+)\.sql$`)

func flywayFile(name string) (file, bool) {
	m := flywayName.FindStringSubmatch(path.Base(name))
	if m == nil {
		return file{}, false
	}
	return file{
		version: strings.ReplaceAll(m[1], "_", "."), description: strings.ReplaceAll(m[2], "_", " "), repeatable: m[1] == "",
	}, true
}

func flywayInside(f file, content []byte) ([]file, error) {
	f.checksum = flywayChecksum(content)
	return []file{f}, nil
}

// flywayChecksum is ChecksumCalculator.java: the CRC-32 over the lines without
// their ends and without a byte order mark. Flyway decodes first, so that only
// valid UTF-8 has a checksum here.
func flywayChecksum(content []byte) string {
	if !utf8.Valid(content) {
		return ""
	}
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	crc := crc32.NewIEEE()
	for len(content) > 0 {
		end := bytes.IndexAny(content, "\r\n")
		if end < 0 {
			end = len(content)
		}
		_, _ = crc.Write(content[:end])
		content = content[min(end+1, len(content)):]
	}
	return strconv.Itoa(int(int32(crc.Sum32())))
}
