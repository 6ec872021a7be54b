// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"strings"
)

// expand replaces ${NAME} by the environment's value and $$ by a dollar. A
// dollar before anything else stays, so that most passwords need no care. It is
// applied to each value after the YAML was parsed: a value of the environment
// cannot change the file's structure, whatever characters it has.
func expand(s string, getenv func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			s = after[1:]
		case strings.HasPrefix(after, "{"):
			name, rest, closed := strings.Cut(after[1:], "}")
			if !closed {
				return "", errors.New("${ without }: write $${ for the two characters themselves")
			}
			value, ok := getenv(name)
			if !ok {
				return "", fmt.Errorf("the environment has no %s: set it, or write $${%s} for the text itself", name, name)
			}
			b.WriteString(value)
			s = rest
		default:
			b.WriteByte('$')
			s = after
		}
	}
}
