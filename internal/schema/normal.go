// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"database/sql"
	"regexp"
	"strings"
)

// tableOf returns the table that an object is a part of.
func tableOf(o Object) string {
	switch o.Kind {
	case Column, Index, Key, Check, Trigger:
		name, _, _ := strings.Cut(o.Name, ".")
		return name
	case Order:
		return o.Name
	}
	return ""
}

var (
	displayWidth = regexp.MustCompile(`^(tinyint|smallint|mediumint|int|bigint|year)\(\d+\)`)
	introducer   = regexp.MustCompile(`_(?:utf8mb4|utf8mb3|utf8|latin1|binary|ascii)(\\?['"])`)
	oldUTF8      = regexp.MustCompile(`^utf8(_|$)`)
	currentTime  = regexp.MustCompile(`(?i)\b(?:current_timestamp|now)(?:\(\)|\(0\))?`)
)

// typeName writes a type in the way of MySQL 8: integers have no display width.
func typeName(t string) string {
	return displayWidth.ReplaceAllString(strings.ToLower(t), "$1")
}

// collation writes the three-byte UTF-8 as MySQL 8 does.
func collation(name string) string { return oldUTF8.ReplaceAllString(name, "utf8mb3$1") }

// expression leaves of an expression what its servers agree on.
func expression(text string) string {
	text = introducer.ReplaceAllString(text, "$1")
	text = strings.ReplaceAll(text, `\'`, `'`)
	text = currentTime.ReplaceAllString(text, "current_timestamp")
	var b strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '\'':
			quoted = !quoted
			b.WriteRune(r)
		case quoted:
			b.WriteRune(r)
		case strings.ContainsRune(" \t\r\n`()", r):
		default:
			b.WriteString(strings.ToLower(string(r)))
		}
	}
	return b.String()
}

// defaultOf tells the default of a column. MariaDB quotes literals and says NULL,
// MySQL marks expressions in EXTRA.
func defaultOf(text sql.NullString, extra string, mariadb bool) string {
	if !text.Valid || mariadb && text.String == "NULL" {
		return ""
	}
	literal := text.String
	switch {
	case mariadb && strings.HasPrefix(literal, "'"):
		return "'" + strings.ReplaceAll(strings.TrimSuffix(literal[1:], "'"), "''", "'") + "'"
	case mariadb && !plain.MatchString(literal), !mariadb && strings.Contains(extra, "DEFAULT_GENERATED"):
		return expression(literal)
	case !mariadb && literal != "" && currentTime.FindString(literal) == literal:
		return expression(literal) // before MySQL 8
	}
	return "'" + literal + "'"
}

// plain are the literals that MariaDB does not quote: numbers and bits.
var plain = regexp.MustCompile(`^(-?[0-9.]+(e[-+]?[0-9]+)?|b'[01]*')$`)

// extras are what EXTRA says of a column, less what other columns say too.
func extras(text string) string {
	text = strings.ToLower(text)
	for _, word := range []string{"default_generated", "stored generated", "virtual generated", "persistent generated"} {
		text = strings.ReplaceAll(text, word, "")
	}
	return strings.TrimSpace(currentTime.ReplaceAllString(text, "current_timestamp"))
}

// rule of a foreign key: to InnoDB, NO ACTION is RESTRICT.
func rule(text string) string {
	if text == "NO ACTION" {
		return "RESTRICT"
	}
	return text
}

// isJSON is how MariaDB checks a column of the type JSON.
var isJSON = regexp.MustCompile("^(?i)json_valid\\(`?([^`()]+)`?\\)$")
