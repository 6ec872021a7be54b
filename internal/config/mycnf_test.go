// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Files whose reading is compared with MySQL's own parser too.
var myCnfs = map[string]myCnf{
	"":                             {},
	"[client]\nuser=a\npassword=b": {user: "a", password: NewSecret("b")},
	"[client]\nuser = \"a\\\"b#c\"  \npassword=it's # x\nhost='a\\sb'":   {user: `a"b#c`, password: NewSecret("it's # x"), host: "a b"},
	"[client]\r\nuser=a # comment\r\npassword='b # no comment' # yes":    {user: "a", password: NewSecret("b # no comment")},
	"# x\n; y\n[mysqld]\nuser=mysql\n[CLIENT ]\nuser=a\n[mysql]\nuser=b": {user: "a"},
	"[ client]\nuser=a": {},
	"[client]\npassword=\"a\\\\\"#b\nuser=a\\qb\\\\c\\": {password: NewSecret(`a\`), user: `a\qb\c\`},
	"[client]\npassword=\nuser=a=b":                     {user: "a=b"},
	"[client]\nport=\"3307\nssl_ca=\"x\" y # z":         {port: `"3307`, tls: tlsEntry{CAFile: `"x" y`}},
	"[client]\nloose-user=x\nssl-mode=verify_identity":  {user: "x", tls: tlsEntry{Mode: ModeVerifyFull}},
	"[client]\nssl-verify-server-cert":                  {tls: tlsEntry{Mode: ModeVerifyFull}},
	"[client]\nskip-ssl\nsocket=/run/my.sock":           {socket: "/run/my.sock", tls: tlsEntry{Mode: ModeDisabled}},
}

func TestMyCnf(t *testing.T) {
	for text, want := range myCnfs {
		if got, err := parseMyCnf(text); got != want || err != nil {
			t.Errorf("%q: got %+v (password %q), %v; want %+v", text, got, got.password.Reveal(), err, want)
		}
	}
}

func TestMyCnfMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"[client]\n!includedir /etc/mysql":  "2: !include and !includedir are not followed: name the file that has the [client] section",
		"[client":                           "1: a group without ]",
		"[client]\n\nssl-mode=VERIFY_MAYBE": "3: ssl-mode: want DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY",
	} {
		if _, err := parseMyCnf(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestMyCnfAddress(t *testing.T) {
	for want, c := range map[string]myCnf{
		"": {}, "127.0.0.1:3307": {port: "3307"}, "db:3306": {host: "db"}, "[2001:db8::1]:3306": {host: "2001:db8::1"},
		"unix:///run/my.sock": {host: "db", socket: "/run/my.sock"},
	} {
		if got := c.address(); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}

// FuzzMyCnf compares the reading of user and password with what MySQL's own
// parser prints, where it is installed.
func FuzzMyCnf(f *testing.F) {
	theirs, err := exec.LookPath("my_print_defaults")
	if err != nil {
		f.Log("my_print_defaults is not installed (apt-get install mariadb-client-core): comparing with nothing")
	}
	for text := range myCnfs {
		f.Add(text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseMyCnf(text)
		if err != nil || theirs == "" || odd(text) {
			return
		}
		path := filepath.Join(dir, "my.cnf")
		write(t, path, text)
		out, err := exec.CommandContext(t.Context(), theirs, "--defaults-file="+path, "client").Output()
		if err != nil {
			return // it refuses what this parser passes over, such as an option before any group
		}
		if want := last(string(out), "--user="); got.user != want {
			t.Errorf("%q: user %q, MySQL says %q", text, got.user, want)
		}
		if want := last(string(out), "--password="); got.password.Reveal() != want {
			t.Errorf("%q: password %q, MySQL says %q", text, got.password.Reveal(), want)
		}
	})
}

// odd reports texts whose reading their tool's output cannot show: line breaks
// inside a value, other spellings of an option, characters that are blank in
// latin1, and the end of a C string.
func odd(text string) bool {
	return strings.Contains(text, `\n`) || strings.Contains(text, `\r`) || strings.Contains(text, "loose") ||
		strings.ContainsAny(text, "\x00\r\u00a0\uFEFF") || !utf8.ValidString(text) || strings.Contains(text, "--")
}

// last returns the value of the last line that begins with prefix: later options
// win.
func last(lines, prefix string) string {
	value := ""
	for line := range strings.Lines(lines) {
		if v, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), prefix); ok {
			value = v
		}
	}
	return value
}
