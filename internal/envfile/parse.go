// SPDX-License-Identifier: Apache-2.0

package envfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Variable is one assignment.
type Variable struct {
	Name, Value string
	Line        int // in the file; 0: it came from the environment
}

// Parse reads NAME=VALUE lines, as in a .env file. Such a file is read by Docker
// Compose, by systemd and by shells as well, which disagree about quotes,
// dollars and backslashes: what they would read differently is an error here.
// Errors begin with the line number.
func Parse(text string) ([]Variable, error) {
	var all []Variable
	seen := map[string]int{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		number := i + 1
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, err := assignment(line)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", number, err)
		}
		if before, again := seen[name]; again {
			return nil, fmt.Errorf("%d: %s is set in line %d already; keep one", number, name, before)
		}
		seen[name] = number
		all = append(all, Variable{name, value, number})
	}
	return all, nil
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func assignment(line string) (name, value string, err error) {
	name, rest, found := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	name = strings.TrimLeft(name, " \t")
	switch {
	case !found:
		return "", "", errors.New("no =; write NAME=VALUE, or # before a comment")
	case !variableName.MatchString(name):
		return "", "", fmt.Errorf("%q is no name of a variable: letters, digits and _ only, and no space before the =", name)
	}
	if value, err = unquote(rest); err != nil {
		// The value may be a secret: name the variable only.
		return "", "", fmt.Errorf("%s: %w", name, err)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' }) {
		return "", "", fmt.Errorf("%s: has a control character", name)
	}
	return name, value, nil
}

// unquote returns the value of what stands behind the equals sign.
func unquote(text string) (string, error) {
	if text == "" || text[0] != '\'' && text[0] != '"' {
		return bare(text)
	}
	quote := text[:1]
	value, after, closed := strings.Cut(text[1:], quote)
	after = strings.TrimSpace(after)
	switch {
	case !closed:
		return "", fmt.Errorf("no closing %s; a value ends on its line", quote)
	case after != "" && !strings.HasPrefix(after, "#"):
		return "", fmt.Errorf("something stands behind the closing %s", quote)
	case quote == `"` && strings.ContainsAny(value, "$`\\"):
		return "", errors.New("has a $, ` or \\ in double quotes, which programs read differently; use single quotes")
	}
	return value, nil
}

func bare(text string) (string, error) {
	for _, blank := range []string{" #", "\t#"} {
		text, _, _ = strings.Cut(text, blank)
	}
	value := strings.TrimRight(text, " \t\r")
	if strings.ContainsAny(value, " \t$`\\'\"") {
		return "", errors.New("has a space, quote, $, ` or \\, which programs read differently; put it into single quotes")
	}
	return value, nil
}
