// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"strconv"
)

// maxSchemas bounds the schemas of a slow query log; the rest is "other".
const maxSchemas = 200

// slowCount is what the slow query log says of one schema.
type slowCount struct {
	Queries  uint64  `json:"queries"`
	Seconds  float64 `json:"seconds"`
	Locked   float64 `json:"locked"` // seconds
	Examined uint64  `json:"examined"`
}

// countSlow takes the lines around an entry's statement in
// (dev.mysql.com/doc/refman/8.4/en/slow-query-log.html#slow-query-log-contents,
// mariadb.com/kb/en/slow-query-log-overview/): figures, then USE where the schema
// is another than that of the entry before, then SET timestamp. MariaDB's and
// Percona's figures name the schema too.
func (c *lines) countSlow(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte("# Query_time:")):
		c.Entry = readSlow(line)
	case bytes.HasPrefix(line, []byte("# ")):
		if schema, ok := slowValue(line, "Schema:"); ok {
			c.Schema = schema
		}
	case c.Entry == nil: // the statement's own text
	case bytes.HasPrefix(line, []byte("use ")):
		c.Schema = string(bytes.Trim(line[len("use "):], " `;"))
	case bytes.HasPrefix(line, []byte("SET timestamp=")):
		c.slowOf(c.Schema).add(*c.Entry)
		c.Entry = nil
	}
}

// readSlow reads the figures of one entry.
func readSlow(line []byte) *slowCount {
	number := func(name string) float64 {
		text, _ := slowValue(line, name)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil || !(value >= 0 && value < 1e15) {
			return 0
		}
		return value
	}
	return &slowCount{
		Queries: 1, Seconds: number("Query_time:"), Locked: number("Lock_time:"), Examined: uint64(number("Rows_examined:")),
	}
}

func (s *slowCount) add(one slowCount) {
	s.Queries += one.Queries
	s.Seconds += one.Seconds
	s.Locked += one.Locked
	s.Examined += one.Examined
}

func (c *lines) slowOf(schema string) *slowCount {
	one := c.Slow[schema]
	if one == nil && len(c.Slow) >= maxSchemas {
		schema = otherRoute
		one = c.Slow[schema]
	}
	if one == nil {
		one = &slowCount{}
		c.Slow[schema] = one
	}
	return one
}

// slowValue returns the word behind a name, "" when the next name follows.
func slowValue(line []byte, name string) (string, bool) {
	_, rest, ok := bytes.Cut(line, []byte(name))
	if !ok {
		return "", false
	}
	value, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
	if bytes.HasSuffix(value, []byte{':'}) {
		value = nil
	}
	return string(value), true
}
