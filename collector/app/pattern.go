// SPDX-License-Identifier: Apache-2.0

package app

import (
	"regexp"
	"time"
)

// pattern reads lines by the user's own expression.
type pattern struct {
	expression                   *regexp.Regexp
	method, path, code, duration int // of the groups; -1: there is none
	unit                         float64
}

func newPattern(f Format) pattern {
	group := f.Pattern.SubexpIndex
	return pattern{
		f.Pattern, group("method"), group("path"), group("code"), group("duration"), unitOr(f.Unit, time.Second),
	}
}

func (p pattern) parse(line []byte, r *request) bool {
	at := p.expression.FindSubmatchIndex(line)
	if at == nil {
		return false
	}
	group := func(n int) []byte {
		if n < 0 || at[2*n] < 0 {
			return nil
		}
		return line[at[2*n]:at[2*n+1]]
	}
	r.method, r.path = group(p.method), group(p.path)
	r.setDuration(group(p.duration), p.unit)
	return r.setCode(group(p.code))
}
