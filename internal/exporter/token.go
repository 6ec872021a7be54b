// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// tokenHeader carries the token where Authorization is taken by the accounts of
// --web.config.file.
const tokenHeader = "X-Dbsync-Token"

// minToken is the least length of a token that nobody guesses.
const minToken = 16

// readToken returns the token of a file, without the end of its line.
func readToken(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: want one token of at least %d characters, such as the output of: openssl rand -hex 32", path, minToken)
	}
	return token, nil
}

// checkToken fails when the run API could not work.
func (o *Options) checkToken() error {
	switch {
	case o.EnableRunAPI && o.RunTokenFile == "":
		return errors.New("--web.enable-run-api needs --web.run-token-file: a file with the token that a report must carry")
	case !o.EnableRunAPI && o.RunTokenFile != "":
		return errors.New("--web.run-token-file does nothing without --web.enable-run-api: give both or none")
	case o.RunTokenFile == "":
		return nil
	}
	if _, err := readToken(o.RunTokenFile); err != nil {
		return fmt.Errorf("--web.run-token-file: %w", err)
	}
	return nil
}

// withToken lets a request through that carries the token. The file is read anew
// each time, so that a rotated token is in force at once.
func (e *Exporter) withToken(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !e.options.EnableRunAPI {
			return failure(forbidden, "reporting runs over HTTP is off: start with --web.enable-run-api and --web.run-token-file, or use the state folder (docs/runs.md)")
		}
		want, err := readToken(e.options.RunTokenFile)
		if err != nil {
			return fmt.Errorf("--web.run-token-file: %w", err)
		}
		given, found := givenToken(r.Header)
		switch {
		case !found:
			return failure(unauthorized, "send the token: \"Authorization: Bearer TOKEN\", or %q beside an account's Authorization", tokenHeader+": TOKEN")
		case !same(given, want):
			return failure(unauthorized, "the token is wrong")
		}
		return h(w, r)
	}
}

func givenToken(header http.Header) (string, bool) {
	if token := header.Get(tokenHeader); token != "" {
		return token, true
	}
	scheme, token, found := strings.Cut(header.Get("Authorization"), " ")
	return strings.TrimSpace(token), found && strings.EqualFold(scheme, "Bearer")
}

// same compares in a time that tells nothing, not even the lengths.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
