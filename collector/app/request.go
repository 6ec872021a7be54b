// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is what a line of an access log says. Its slices are parts of the line.
type request struct {
	method, path []byte
	code         int
	duration     float64 // seconds
	timed        bool    // the line had a duration
}

// parser takes a line apart; false when it is no request.
type parser func(line []byte, r *request) bool

// Formats lists the names of the formats of an access log.
func Formats() []string {
	names := []string{"combined", "pattern"}
	for name := range jsonFormats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f Format) parser() (parser, error) {
	if layout, ok := jsonFormats[f.Name]; ok {
		return layout.with(f).parse, nil
	}
	switch {
	case f.Name == "combined":
		return combined{unit: unitOr(f.Unit, time.Second)}.parse, nil
	case f.Name == "pattern" && f.Pattern != nil && f.Pattern.SubexpIndex("code") >= 0:
		return newPattern(f).parse, nil
	case f.Name == "pattern":
		return nil, fmt.Errorf("the pattern needs a group (?P<code>...)")
	}
	return nil, fmt.Errorf("format %q: want %s", f.Name, strings.Join(Formats(), ", "))
}

// unitOr returns how many seconds one of a unit is.
func unitOr(unit, otherwise time.Duration) float64 {
	if unit == 0 {
		unit = otherwise
	}
	return unit.Seconds()
}

func (r *request) setCode(text []byte) bool {
	code, err := strconv.Atoi(string(text))
	r.code = code
	return err == nil && code >= 100 && code <= 999
}

// setDuration takes a duration in; whatever is no number is no duration.
func (r *request) setDuration(text []byte, unit float64) {
	value, err := strconv.ParseFloat(string(text), 64)
	if err == nil && value >= 0 && value*unit < 1e9 {
		r.duration, r.timed = value*unit, true
	}
}

// setLine takes a request line in: "GET /path HTTP/1.1". What a client sent that
// was no HTTP has neither method nor path.
func (r *request) setLine(line []byte) {
	method, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok {
		return
	}
	r.method = method
	r.path, _, _ = bytes.Cut(rest, []byte{' '})
}

// methods are those that are told apart: a client may send any word.
var methods = [...]string{"other", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}

func methodIndex(method []byte) uint8 {
	for i, known := range methods {
		if string(method) == known {
			return uint8(i) // there are ten
		}
	}
	return 0
}
