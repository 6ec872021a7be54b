// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseValue reads the value of a status or system variable: a number, a switch,
// a state that is good (1) or not (0), or a time of a certificate, as Unix time.
// It is false for any other text. Times without a zone are not read: they are in
// the server's own, which is not known here.
func parseValue(text []byte) (float64, bool) {
	if len(text) == 0 {
		return 0, false
	}
	if c := text[0]; c == '-' || '0' <= c && c <= '9' {
		value, err := strconv.ParseFloat(string(text), 64)
		return value, err == nil && !math.IsInf(value, 0)
	}
	if value, ok := parseWord(text); ok {
		return value, true
	}
	if bytes.HasSuffix(text, []byte(" GMT")) {
		when, err := time.Parse("Jan _2 15:04:05 2006 GMT", string(text))
		return float64(when.Unix()), err == nil
	}
	return 0, false
}

// parseWord reads the words that mysqld_exporter reads.
func parseWord(text []byte) (float64, bool) {
	const longest = len("disconnected")
	if len(text) > longest {
		return 0, false
	}
	switch strings.ToLower(string(text)) {
	case "on", "yes", "primary":
		return 1, true
	case "off", "no", "disabled", "connecting", "non-primary", "disconnected":
		return 0, true
	}
	return 0, false
}
