// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// statements splits the text of a dump, as the client programs of MySQL and MariaDB do. It knows no command of theirs
// but DELIMITER: what else is written for a client goes to the server, which refuses it.
type statements struct {
	in        *bufio.Reader
	delimiter string
	text      []byte // of the statement
	line      int64  // where reading is, from 1
	began     int64  // the line on which the statement began
	fresh     bool   // at the beginning of a line
}

const (
	// maxStatement bounds the memory that a statement takes. One row can have 1 GiB by the protocol; dumps have rows of
	// a few megabytes.
	maxStatement = 256 << 20
	// mydumperDelimiter ends statements in mydumper's files, where the bodies of triggers and routines have no other.
	mydumperDelimiter = ";\n"
)

var (
	errCut       = errors.New("it ends within a statement")
	errStatement = fmt.Errorf("a statement of more than %d MiB is not restored here", maxStatement>>20)
)

func newStatements(in io.Reader, delimiter string) *statements {
	return &statements{in: bufio.NewReaderSize(in, 1<<20), delimiter: delimiter, line: 1, fresh: true}
}

// next returns the next statement, valid until the next call, and io.EOF behind the last one.
func (s *statements) next() ([]byte, error) {
	s.text = s.text[:0]
	if err := s.skipToStatement(); err != nil {
		return nil, err
	}
	s.began = s.line
	for {
		s.plain("'\"`#-/" + s.delimiter[:1])
		c, err := s.take()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errCut
		case err != nil:
			return nil, err
		case s.delimits(c):
			return s.text[:len(s.text)-1], nil
		}
		if err := s.follow(c); err != nil {
			return nil, err
		}
	}
}

// follow takes what belongs to a character: the rest of a quoted text or of a comment.
func (s *statements) follow(c byte) (err error) {
	switch {
	case c == '\'' || c == '"' || c == '`':
		err = s.quoted(c)
	case c == '#', c == '-' && s.startsLineComment():
		err = s.until("\n")
	case c == '/' && s.startsComment():
		if _, err = s.take(); err == nil { // its star does not end it
			err = s.until("*/")
		}
	}
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}

// take adds the next character to the statement.
func (s *statements) take() (byte, error) {
	c, err := s.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if len(s.text) >= maxStatement {
		return 0, errStatement
	}
	s.fresh = c == '\n'
	if s.fresh {
		s.line++
	}
	s.text = append(s.text, c)
	return c, nil
}

// plain adds what is at hand up to the next special character, for speed: most of a dump is plain.
func (s *statements) plain(special string) {
	ahead, _ := s.in.Peek(min(s.in.Buffered(), maxStatement-len(s.text)))
	n := bytes.IndexAny(ahead, special)
	if n < 0 {
		n = len(ahead)
	}
	if n == 0 {
		return
	}
	s.text = append(s.text, ahead[:n]...)
	s.line += int64(bytes.Count(ahead[:n], []byte("\n")))
	s.fresh = ahead[n-1] == '\n'
	_, _ = s.in.Discard(n) // was peeked at
}

// delimits reports whether the character begins the delimiter, and passes over the rest of it then.
func (s *statements) delimits(c byte) bool {
	if c != s.delimiter[0] {
		return false
	}
	rest, _ := s.in.Peek(len(s.delimiter) - 1)
	if len(rest) == 0 && s.delimiter == mydumperDelimiter { // the last line may have no end
		return true
	}
	if string(rest) != s.delimiter[1:] {
		return false
	}
	_, _ = s.in.Discard(len(rest)) // was peeked at
	if bytes.HasSuffix(rest, []byte("\n")) {
		s.line, s.fresh = s.line+1, true
	}
	return true
}

func (s *statements) quoted(quote byte) error {
	special := string(quote) + "\\"
	for {
		s.plain(special)
		c, err := s.take()
		switch {
		case err != nil:
			return err
		case c == quote: // a doubled one begins another text, which comes to the same
			return nil
		case c == '\\' && quote != '`':
			if _, err := s.take(); err != nil {
				return err
			}
		}
	}
}

// until takes everything up to a mark.
func (s *statements) until(mark string) error {
	from := len(s.text)
	for {
		if _, err := s.take(); err != nil {
			return err
		}
		if len(s.text)-from >= len(mark) && bytes.HasSuffix(s.text, []byte(mark)) {
			return nil
		}
	}
}

// startsLineComment: the first dash was taken. Two dashes are a comment only before a space.
func (s *statements) startsLineComment() bool {
	next, _ := s.in.Peek(2)
	return len(next) > 0 && next[0] == '-' && (len(next) == 1 || next[1] <= ' ')
}

// startsComment: the slash was taken. A comment with an exclamation mark is for the server to read.
func (s *statements) startsComment() bool {
	next, _ := s.in.Peek(3)
	return len(next) > 0 && next[0] == '*' && !s.conditional(next[1:])
}

func (s *statements) conditional(next []byte) bool {
	return bytes.HasPrefix(next, []byte("!")) || bytes.HasPrefix(next, []byte("M!")) || bytes.HasPrefix(next, []byte("+"))
}

// skipToStatement passes over white space and comments, and follows changes of the delimiter.
func (s *statements) skipToStatement() error {
	for {
		next, err := s.in.Peek(1)
		if err != nil {
			return err
		}
		switch c := next[0]; {
		case c <= ' ':
			_, err = s.take()
		case c == '#', c == '-' && s.peeks("-- "), c == '-' && s.peeks("--\n"), c == '-' && s.peeks("--\r"), c == '-' && s.peeks("--\t"):
			err = s.until("\n")
		case c == '/' && s.peeks(sandboxMark):
			err = s.until("*/")
		case c == '/' && s.peeks("/*") && !s.peeks("/*!") && !s.peeks("/*M!") && !s.peeks("/*+"):
			_, _ = s.take()
			_, _ = s.take()
			err = s.until("*/")
		case s.fresh && (c == 'd' || c == 'D') && s.peeksWord("DELIMITER "):
			err = s.changeDelimiter()
		default:
			return nil
		}
		s.text = s.text[:0]
		if err != nil {
			return err
		}
	}
}

// sandboxMark begins the first line of what mariadb-dump writes: a command for its own client, within a comment.
const sandboxMark = `/*M!999999\-`

func (s *statements) peeks(text string) bool {
	next, _ := s.in.Peek(len(text))
	return string(next) == text
}

func (s *statements) peeksWord(word string) bool {
	next, _ := s.in.Peek(len(word))
	return strings.EqualFold(string(next), word)
}

func (s *statements) changeDelimiter() error {
	err := s.until("\n")
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	fields := strings.Fields(string(s.text))
	if len(fields) != 2 || len(fields[1]) > 16 {
		return fmt.Errorf("line %d: not a delimiter: %.20q", s.line, s.text)
	}
	s.delimiter = fields[1]
	return err
}
