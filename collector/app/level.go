// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// The levels that all logs' own words are mapped to.
const (
	fatal   = "fatal"
	failing = "error"
	warning = "warning"
	info    = "info"
	debug   = "debug"
	other   = "other"
)

var levels = []string{fatal, failing, warning, info, debug, other}

const formatSlow = "slow"

// levelReaders tell the level of a line, by the log's format.
var levelReaders = map[string]func([]byte) string{
	"mysql":    mysqlLevel,
	"json":     jsonLevel,
	"logfmt":   logfmtLevel,
	"plain":    plainLevel,
	formatSlow: func([]byte) string { return other },
}

// words are what logs call their levels. MySQL's System says what happened to
// the server as a whole, such as a start.
var words = map[string]string{
	"fatal": fatal, "panic": fatal, "critical": fatal, "crit": fatal, "emerg": fatal, "alert": fatal, "severe": fatal,
	"error": failing, "err": failing, "eror": failing,
	"warning": warning, "warn": warning,
	"info": info, "note": info, "notice": info, "system": info, "information": info, "inf": info,
	"debug": debug, "trace": debug, "dbg": debug,
}

func levelOf(word []byte) string {
	if len(word) == 0 || len(word) > 12 {
		return other
	}
	if level, ok := words[string(bytes.ToLower(word))]; ok {
		return level
	}
	return other
}

// mysqlLevel reads the error log of MySQL and MariaDB: the level is the first
// word in brackets (dev.mysql.com/doc/refman/8.4/en/error-log-format.html,
// mariadb.com/kb/en/error-log/#format).
func mysqlLevel(line []byte) string {
	_, rest, _ := bytes.Cut(line, []byte{'['})
	word, _, ok := bytes.Cut(rest, []byte{']'})
	if !ok {
		return other
	}
	return levelOf(word)
}

// jsonLevel reads a log of JSON objects.
func jsonLevel(line []byte) string {
	for _, key := range []string{"level", "severity", "lvl", "prio"} {
		if value := gjson.GetBytes(line, key); value.Type == gjson.String {
			return levelOf([]byte(value.Str))
		}
	}
	return other
}

// logfmtLevel reads level=warn among the pairs of a line.
func logfmtLevel(line []byte) string {
	for _, key := range []string{"level=", "lvl="} {
		at := bytes.Index(line, []byte(key))
		if at < 0 || at > 0 && line[at-1] != ' ' {
			continue
		}
		value := bytes.TrimLeft(line[at+len(key):], `"`)
		end := bytes.IndexAny(value, ` "`)
		if end < 0 {
			end = len(value)
		}
		return levelOf(value[:end])
	}
	return other
}

// plainLevel looks for the first word near the beginning that is a level's name,
// in whatever brackets.
func plainLevel(line []byte) string {
	const near = 200
	for word := range bytes.FieldsFuncSeq(line[:min(len(line), near)], notLetter) {
		if level := levelOf(word); level != other {
			return level
		}
	}
	return other
}

func notLetter(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') }
