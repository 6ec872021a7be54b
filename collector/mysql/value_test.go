// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"math"
	"testing"
)

func TestParseValue(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-1": -1, "0.000123": 0.000123, "18446744073709551615": 1 << 64,
		"ON": 1, "yes": 1, "OFF": 0, "No": 0, "DISABLED": 0, "Connecting": 0,
		"Primary": 1, "non-Primary": 0, "Disconnected": 0,
		"Nov 21 21:50:28 2036 GMT": 2110917028, "Nov  1 00:00:00 2036 GMT": 2109110400,
	} {
		if got, ok := parseValue([]byte(text)); !ok || got != want {
			t.Errorf("%q = %v %t, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", " ", "NULL", "nan", "inf", "-inf", "1e999", "1 2", "binlog.000042", "/var/lib/mysql/", "AUTH_MASTER",
		"2026-11-24 21:59:49", "2026-11-24", "Nov 21 21:50:28 2036 CET", "1.2.3", "0xff", "disconnected!",
		"Buffer pool(s) load completed at 261124 21:59:49", "Sometime GMT",
	} {
		if got, ok := parseValue([]byte(text)); ok {
			t.Errorf("%q = %v, want none", text, got)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, text := range []string{"1", "-0.5", "ON", "Nov 21 21:50:28 2036 GMT", "1e308", "-inf"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if value, ok := parseValue(text); ok && (math.IsNaN(value) || math.IsInf(value, 0)) {
			t.Errorf("%q = %v", text, value)
		}
	})
}
