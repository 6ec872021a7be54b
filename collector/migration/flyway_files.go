// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"bytes"
	"hash/crc32"
	"math/big"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// flywayName is Flyway's default naming: V for a version, R for what is run
// again when it changed. Undo scripts and baselines are never pending.
var flywayName = regexp.MustCompile(`^(?:V([0-9]+(?:[._][0-9]+)*)|R)__(.+)\.sql$`)

func flywayFile(name string) (file, bool) {
	m := flywayName.FindStringSubmatch(path.Base(name))
	if m == nil {
		return file{}, false
	}
	return file{
		name: name, version: strings.ReplaceAll(m[1], "_", "."),
		description: strings.ReplaceAll(m[2], "_", " "), created: authored(m[1]),
	}, true
}

// flywayChecksum is ChecksumCalculator.java: the CRC-32 over the lines without
// their ends and without a byte order mark. Flyway decodes first, so that only
// valid UTF-8 has a checksum here.
func flywayChecksum(content []byte) (int32, bool) {
	if !utf8.Valid(content) {
		return 0, false
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
	return int32(crc.Sum32()), true
}

// compareFlyway tells versions that were not applied, scripts without a version
// that changed since, applied versions whose file differs or is gone. Versions up
// to the baseline never ran; a failed one is failed, not pending; what was
// applied from Java code has no file.
func compareFlyway(_ facts, rows []revision, all []file) difference {
	now := flywayCurrent(rows)
	var d difference
	have := map[string]bool{}
	for _, f := range all {
		id := flywayID(f.version, f.description)
		have[id] = true
		r, known := now.newest[id]
		differs := known && r.checksum != nil && f.checksum != nil && *r.checksum != *f.checksum
		switch {
		case known && !r.good:
		case f.version != "" && now.baseline != "" && compareVersions(f.version, now.baseline) <= 0 && !known:
		case !known || !stands(r), f.version == "" && differs:
			d.pending = append(d.pending, f)
		case differs:
			d.changed++
		}
	}
	for id, r := range now.newest {
		if stands(r) && (r.kind == "SQL" || r.kind == "SCRIPT") && !have[id] {
			d.missing++
		}
	}
	return d
}

// compareVersions compares as Flyway does: number by number, 1.10 after 1.9, and
// 1.0 equal to 1.
func compareVersions(a, b string) int {
	as, bs := versionParts(a), versionParts(b)
	for i := range max(len(as), len(bs)) {
		if c := part(as, i).Cmp(part(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

func part(parts []*big.Int, i int) *big.Int {
	if i < len(parts) {
		return parts[i]
	}
	return new(big.Int)
}

func versionParts(version string) []*big.Int {
	var parts []*big.Int
	for _, text := range strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '_' }) {
		n, ok := new(big.Int).SetString(text, 10)
		if !ok {
			n = new(big.Int)
		}
		parts = append(parts, n)
	}
	return parts
}

// normalVersion is the same text for versions that compare equal.
func normalVersion(version string) string {
	parts := versionParts(version)
	for len(parts) > 1 && parts[len(parts)-1].Sign() == 0 {
		parts = parts[:len(parts)-1]
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.String())
		b.WriteByte('.')
	}
	return strings.TrimSuffix(b.String(), ".")
}
