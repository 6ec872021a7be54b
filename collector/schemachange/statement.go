// SPDX-License-Identifier: Apache-2.0

package schemachange

import "strings"

// table is a table of a server.
type table struct{ schema, name string }

// altered returns the table that a statement changes: ALTER and OPTIMIZE TABLE,
// CREATE and DROP INDEX. A table without a schema is in the current one.
func altered(statement, current string) (table, bool) {
	words := tokens(statement)
	first := words.next()
	switch {
	case first.is("ALTER"), first.is("OPTIMIZE"):
		for range 3 { // ALTER ONLINE IGNORE TABLE
			if words.next().is("TABLE") {
				return words.table(current)
			}
		}
	case first.is("CREATE"), first.is("DROP"):
		for range 5 { // CREATE OR REPLACE UNIQUE INDEX
			if words.next().is("INDEX") {
				return words.after("ON", current)
			}
		}
	}
	return table{}, false
}

// copied returns the table that an INSERT … SELECT of pt-online-schema-change
// writes to.
func copied(statement, current string) (table, bool) {
	words := tokens(statement)
	if !words.next().is("INSERT") && !words.last.is("REPLACE") {
		return table{}, false
	}
	return words.after("INTO", current)
}

// token is a word, a quoted name or one character.
type token struct {
	text   string
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// tokenizer reads a statement, less its comments.
type tokenizer struct {
	rest string
	last token
}

func tokens(statement string) *tokenizer { return &tokenizer{rest: statement} }

// after skips to a word, within reason, and returns the table that follows it.
func (t *tokenizer) after(word, current string) (table, bool) {
	for range 12 {
		if t.next().is(word) {
			return t.table(current)
		}
	}
	return table{}, false
}

// table reads a name with or without its schema.
func (t *tokenizer) table(current string) (table, bool) {
	name := t.next()
	if name.is("IF") {
		t.next() // EXISTS
		name = t.next()
	}
	found := table{current, name.text}
	if t.next().is(".") {
		found = table{name.text, t.next().text}
	}
	if found.schema == "" || found.name == "" {
		return table{}, false
	}
	return found, true
}

// next returns the next token, an empty one at the end.
func (t *tokenizer) next() token {
	t.skip()
	t.last = token{}
	if t.rest == "" {
		return t.last
	}
	switch quote := t.rest[0]; quote {
	case '`', '"':
		t.last = token{t.quoted(quote), true}
	default:
		n := len(t.rest) - len(strings.TrimLeftFunc(t.rest, inName))
		n = max(n, 1)
		t.last, t.rest = token{t.rest[:n], false}, t.rest[n:]
	}
	return t.last
}

func inName(r rune) bool {
	return r == '_' || r == '$' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
}

// quoted reads a name in quotes, in which the quote itself is doubled.
func (t *tokenizer) quoted(quote byte) string {
	var name strings.Builder
	t.rest = t.rest[1:]
	for {
		text, rest, found := strings.Cut(t.rest, string(quote))
		name.WriteString(text)
		t.rest = rest
		if !found || rest == "" || rest[0] != quote {
			return name.String()
		}
		name.WriteByte(quote)
		t.rest = rest[1:]
	}
}

// skip skips white space and comments.
func (t *tokenizer) skip() {
	for {
		t.rest = strings.TrimLeft(t.rest, " \t\r\n\f\v")
		switch {
		case strings.HasPrefix(t.rest, "/*"):
			_, t.rest, _ = strings.Cut(t.rest[2:], "*/")
		case strings.HasPrefix(t.rest, "-- "), strings.HasPrefix(t.rest, "#"):
			_, t.rest, _ = strings.Cut(t.rest, "\n")
		default:
			return
		}
	}
}
