// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"strconv"
	"time"
)

// authored reads the time that many tools put into a version: date and time in
// 14 digits, or the Unix time in 10. Zero: it is neither.
func authored(version string) time.Time {
	var t time.Time
	switch len(version) {
	case len("20060102150405"):
		t, _ = time.Parse("20060102150405", version)
	case len("1700000000"):
		if unix, err := strconv.ParseInt(version, 10, 64); err == nil {
			t = time.Unix(unix, 0).UTC()
		}
	}
	if t.Year() < 2000 || t.Year() >= 2100 {
		return time.Time{}
	}
	return t
}
