// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// authored reads the time that many tools put into a version or a name: date and
// time in 14 digits, a date in 8, Unix time in 10 digits or in 13 with
// milliseconds, or Laravel's 2024_12_31_235959. Zero: there is none.
func authored(version string) time.Time {
	var t time.Time
	version = strings.TrimLeftFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	switch digits := leading(version); len(digits) {
	case len("20060102150405"):
		t, _ = time.Parse("20060102150405", digits)
	case len("20060102"):
		t, _ = time.Parse("20060102", digits)
	case len("1700000000"):
		seconds, _ := strconv.ParseInt(digits, 10, 64)
		t = time.Unix(seconds, 0).UTC()
	case len("1700000000000"):
		milliseconds, _ := strconv.ParseInt(digits, 10, 64)
		t = time.UnixMilli(milliseconds).UTC()
	case len("2006"):
		const laravel = "2006_01_02_150405"
		if len(version) >= len(laravel) {
			t, _ = time.Parse(laravel, version[:len(laravel)])
		}
	}
	if t.Year() < 2000 || t.Year() >= 2100 {
		return time.Time{}
	}
	return t
}

// leading returns the digits at the start.
func leading(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// compareVersions compares part by part: numbers by their value, 1.10 after 1.9,
// other text as it is. Dots and underscores only separate, and what is missing is
// zero: 1.0 equals 1.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a = versionPart(a)
		y, b = versionPart(b)
		if c := comparePart(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// versionPart splits off the first number, or the text up to the next one.
func versionPart(s string) (part, rest string) {
	s = strings.TrimLeft(s, "._")
	part = leading(s)
	if part == "" {
		end := strings.IndexAny(s, "0123456789._")
		if end < 0 {
			end = len(s)
		}
		part = s[:end]
	}
	return part, s[len(part):]
}

func comparePart(a, b string) int {
	if leading(a) != a || leading(b) != b { // texts
		return cmp.Compare(a, b)
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// normalVersion is the same text for versions in numbers that compare equal.
func normalVersion(version string) string {
	var parts []string
	for version != "" {
		var part string
		part, version = versionPart(version)
		if leading(part) == part {
			part = strings.TrimLeft(part, "0")
		}
		parts = append(parts, part)
	}
	return strings.TrimRight(strings.Join(parts, "."), ".")
}
