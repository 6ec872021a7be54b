// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// selection says in SQL what the columns of a history mean. What is empty is
// something that the table does not know.
type selection struct {
	order       string // an integer that grows with each row
	version     string
	description string
	state       string // a state's text; empty: every row is an applied migration
	ended       string // Unix time
	took        string // seconds
	checksum    string
	// mark changes when rows change in place, at little cost. Empty: they do not.
	mark string
}

// utc reads a TIMESTAMP, or a DATETIME that holds UTC: that is the zone of our
// sessions.
func utc(column string) string { return "UNIX_TIMESTAMP(NULLIF(" + column + ", 0))" }

// local reads a TIMESTAMP, or a DATETIME that holds the server's local time, which
// a client's session has unless it asks for another. Which of them a column is
// differs between the versions of a tool: the place knows.
func local(column string) string { return "{local " + column + "}" }

var localTime = regexp.MustCompile(`\{local (\w+)\}`)

// statement puts the place's table into one of its tool's statements.
func (p place) statement(text string) string {
	text = localTime.ReplaceAllStringFunc(text, func(match string) string {
		column := localTime.FindStringSubmatch(match)[1]
		if strings.Contains(p.timestamps, " "+strings.ToLower(column)+" ") {
			return utc(column)
		}
		return "UNIX_TIMESTAMP(CONVERT_TZ(NULLIF(" + column + ", 0), @@GLOBAL.time_zone, '+00:00'))"
	})
	return strings.ReplaceAll(text, "{table}", p.quoted())
}

// probe selects what shows at the cost of a look into an index whether the
// history has changed: the highest order, the number of rows, and a number that
// changes with the rest. MySQL counts with COUNT(*) in threads that it starts for
// the purpose, at a hundred times the cost of SUM(1).
func (s selection) probe() string {
	top, mark := "NULL", "MAX("+s.version+")"
	if s.order != "" {
		top, mark = "MAX("+s.order+")", "''"
	}
	return top + ", SUM(1), CRC32(CONCAT_WS(' ', " + cmp.Or(s.mark, mark) + "))"
}

// all is the statement that reads every row, or those after an order.
func (s selection) all(table string, after bool) string {
	or := func(expression string) string { return cmp.Or(expression, "NULL") }
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s, %s, %s, %s, %s, %s, %s FROM %s",
		or(s.order), s.version, or(s.description), cmp.Or(s.state, "'applied'"), or(s.ended), or(s.took), or(s.checksum), table)
	if after {
		fmt.Fprintf(&b, " WHERE %s > ?", s.order)
	}
	fmt.Fprintf(&b, " ORDER BY %s LIMIT %d", cmp.Or(s.order, s.version), maxRows+1)
	return b.String()
}

// scan reads a row of all.
func scan(row collector.Row) (revision, error) {
	var order sql.NullInt64
	var version, description, text, checksum sql.NullString
	var ended, took sql.NullFloat64
	err := row.Scan(&order, &version, &description, &text, &ended, &took, &checksum)
	return revision{
		order: order.Int64, version: version.String, description: description.String, state: state(text.String),
		ended: orUnknown(ended), took: orUnknown(took), checksum: checksum.String,
	}, err
}

// orUnknown takes what is negative for unknown, too: a clock was set back.
func orUnknown(x sql.NullFloat64) float64 {
	if !x.Valid || x.Float64 < 0 {
		return math.NaN()
	}
	return x.Float64
}

// quote quotes an identifier, whatever it holds.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
