// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// myCnf is what the [client] section of a MySQL option file says.
type myCnf struct {
	user, host, port, socket string
	password                 Secret
	tls                      tlsEntry
}

// address returns where the file points, or "" when it names no server.
func (c myCnf) address() string {
	switch {
	case c.socket != "":
		return socketScheme + c.socket
	case c.host == "" && c.port == "":
		return ""
	}
	host, port := c.host, c.port
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "3306"
	}
	return net.JoinHostPort(host, port)
}

// space is what MySQL's parser takes for blank, in its latin1.
const space = " \t\n\v\f\r"

func readMyCnf(path string) (myCnf, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return myCnf{}, err
	}
	c, err := parseMyCnf(string(data))
	if err != nil {
		return myCnf{}, fmt.Errorf("%s:%w", path, err)
	}
	return c, nil
}

// parseMyCnf reads the [client] section by the rules of "Using Option Files" in
// MySQL's manual, which mysys/my_default.c implements. Options of other
// programs' sections and those that are not about logging in are passed over.
// Errors begin with the line number.
func parseMyCnf(text string) (myCnf, error) {
	var c myCnf
	client := false
	for i, line := range strings.Split(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		line = strings.Trim(line, space)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '!':
			return myCnf{}, fmt.Errorf("%d: !include and !includedir are not followed: name the file that has the [client] section", i+1)
		case line[0] == '[':
			group, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return myCnf{}, fmt.Errorf("%d: a group without ]", i+1)
			}
			client = strings.EqualFold(strings.TrimRight(group, space), "client")
		case client:
			name, value, _ := strings.Cut(cutComment(line), "=")
			if err := c.set(optionName(name), unquote(strings.Trim(value, space))); err != nil {
				return myCnf{}, fmt.Errorf("%d: %w", i+1, err)
			}
		}
	}
	return c, nil
}

// optionName brings the ways of writing an option to one: underscores and dashes
// are the same, and loose- only means that old clients may not know it.
func optionName(s string) string {
	s = strings.ReplaceAll(strings.Trim(s, space), "_", "-")
	return strings.TrimPrefix(s, "loose-")
}

func (c *myCnf) set(option, value string) error {
	switch option {
	case "user":
		c.user = value
	case "password":
		c.password = NewSecret(value)
	case "host":
		c.host = value
	case "port":
		c.port = value
	case "socket":
		c.socket = value
	case "ssl-ca":
		c.tls.CAFile = value
	case "ssl-cert":
		c.tls.CertFile = value
	case "ssl-key":
		c.tls.KeyFile = value
	case "server-public-key-path":
		c.tls.ServerPublicKey = value
	case "ssl-mode":
		return c.setMode(value)
	case "skip-ssl":
		c.tls.Mode = ModeDisabled
	case "ssl-verify-server-cert": // MariaDB's name for VERIFY_IDENTITY
		if value == "" || value == "1" || strings.EqualFold(value, "on") || strings.EqualFold(value, "true") {
			c.tls.Mode = ModeVerifyFull
		}
	}
	return nil
}

// setMode maps ssl-mode. PREFERRED and REQUIRED do not verify the server: here
// they mean auto, which does so for every server that is not on this machine.
func (c *myCnf) setMode(value string) error {
	switch strings.ToUpper(value) {
	case "DISABLED":
		c.tls.Mode = ModeDisabled
	case "PREFERRED", "REQUIRED":
		c.tls.Mode = ModeAuto
	case "VERIFY_CA":
		c.tls.Mode = ModeVerifyCA
	case "VERIFY_IDENTITY":
		c.tls.Mode = ModeVerifyFull
	default:
		return errors.New("ssl-mode: want DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY")
	}
	return nil
}

// cutComment removes a # comment, which may begin anywhere outside quotes. A
// backslash protects a quote only inside quotes.
func cutComment(line string) string {
	var quote byte
	escaped := false
	for i := range len(line) {
		c := line[i]
		switch {
		case (c == '\'' || c == '"') && !escaped && quote == 0:
			quote = c
		case c == quote && !escaped:
			quote = 0
		case c == '#' && quote == 0:
			return line[:i]
		}
		escaped = quote != 0 && c == '\\' && !escaped
	}
	return line
}

// unquote removes one pair of quotes around a value and replaces its escapes,
// inside and outside quotes alike. A backslash before anything else stays.
func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '\'' || s[0] == '"') && s[n-1] == s[0] {
		s = s[1 : n-1]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i == len(s)-1 {
			b.WriteByte(s[i])
			continue
		}
		i++
		if at := strings.IndexByte(`ntrbs"'\`, s[i]); at >= 0 {
			b.WriteByte("\n\t\r\b \"'\\"[at])
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(s[i])
	}
	return b.String()
}
