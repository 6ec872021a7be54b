// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Where   string // the file, or the flag when there is no file
	Line    int    // 0: not of one line
	Key     string // such as mysql.targets[0].address; empty: of the whole file
	Message string // what is wrong and what to do
}

// Error returns "file:line: key: message".
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Where)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Key != "" {
		b.WriteString(": " + p.Key)
	}
	return b.String() + ": " + p.Message
}

// place is where a key's value was written.
type place struct {
	where string
	line  int
}

// problems collects what is wrong, and knows where each key was written.
type problems struct {
	where  string // for keys that were written nowhere
	places map[string]place
	found  []*Problem
}

// add reports a problem of a key. A key that was not written is placed at its
// nearest ancestor that was.
func (p *problems) add(key, format string, args ...any) {
	at := place{where: p.where}
	for ancestor := key; ; {
		if known, ok := p.places[ancestor]; ok {
			at = known
			break
		}
		cut := strings.LastIndexAny(ancestor, ".[")
		if cut < 0 {
			break
		}
		ancestor = ancestor[:cut]
	}
	if strings.HasPrefix(at.where, "--") { // a flag is its own name
		key = ""
	}
	p.found = append(p.found, &Problem{at.where, at.line, key, fmt.Sprintf(format, args...)})
}

// err joins the problems in the order of the file, or returns nil.
func (p *problems) err() error {
	slices.SortStableFunc(p.found, func(a, b *Problem) int { return cmp.Compare(a.Line, b.Line) })
	all := make([]error, len(p.found))
	for i, one := range p.found {
		all[i] = one
	}
	return errors.Join(all...)
}
