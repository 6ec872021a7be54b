// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"time"
)

// moment is a time on the command line: RFC 3339 or Unix seconds.
type moment struct{ time.Time }

// Set parses the text of a flag.
func (m *moment) Set(text string) error {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		m.Time = time.UnixMilli(int64(seconds * 1000))
		return nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("%q: want 2026-11-24T02:00:00Z or Unix seconds", text)
	}
	m.Time = t
	return nil
}

// String is the text of a flag; the zero moment has none.
func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}
