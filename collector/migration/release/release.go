// SPDX-License-Identifier: Apache-2.0

// Package release keeps the lists of migration files that releases push: what a
// schema should have, where the files are not beside the exporter. A list is one
// file in the state folder, beside the runs of the jobs.
package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// List is what a release has.
type List struct {
	// Tool is the tool whose files these are, when they were read from their folder.
	// Empty: their names are all that is known.
	Tool  string `json:"tool,omitempty"`
	Files []File `json:"files"`
}

// File is a migration. Whatever is not in its path was read from its content.
type File struct {
	Path        string   `json:"path"` // below the folder of the files, with slashes
	Version     string   `json:"version,omitempty"`
	Description string   `json:"description,omitempty"`
	Checksum    string   `json:"checksum,omitempty"` // as the tool records it
	Repeatable  bool     `json:"repeatable,omitempty"`
	After       []string `json:"after,omitempty"`    // the versions that it follows
	Replaces    []string `json:"replaces,omitempty"` // the versions that it stands for
	Inert       bool     `json:"inert,omitempty"`    // it is not run where there is a history
	Only        string   `json:"only,omitempty"`     // the flavour of the servers that it is run on
	// Since is when it was first pushed. The store says so.
	Since time.Time `json:"since,omitzero"`
}

// Pushed is a list as it is kept.
type Pushed struct {
	Name string    `json:"name"`
	Time time.Time `json:"pushed"` // when it came last, changed or not
	List
}

const (
	// MaxBytes bounds a list on its way and on the disk.
	MaxBytes = 8 << 20
	// MaxFiles bounds the migrations of a list.
	MaxFiles = 50_000
	maxText  = 1024 // bytes of a path or a version
)

// Decode reads a list from JSON, or from the names of files, one a line. What is
// misspelt is an error.
func Decode(text []byte) (List, error) {
	var l List
	if trimmed := bytes.TrimSpace(text); !bytes.HasPrefix(trimmed, []byte("{")) {
		for line := range strings.Lines(string(trimmed)) {
			if name := strings.TrimSpace(line); name != "" {
				l.Files = append(l.Files, File{Path: name})
			}
		}
		return l, l.validate()
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return List{}, fmt.Errorf("not the JSON of a list of migration files: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return List{}, errors.New("not the JSON of a list of migration files: something follows it")
	}
	return l, l.validate()
}

// validate refuses what no tool has. An empty list is most likely a wrong folder,
// and would hide everything that is pending.
func (l List) validate() error {
	switch {
	case len(l.Files) == 0:
		return errors.New("the list is empty: send at least one migration file")
	case len(l.Files) > MaxFiles:
		return fmt.Errorf("%d migration files, more than %d", len(l.Files), MaxFiles)
	}
	for i, f := range l.Files {
		for _, text := range append(append([]string{f.Path, f.Version, f.Description, f.Checksum}, f.After...), f.Replaces...) {
			if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				return fmt.Errorf("file %d: %.100q: want text of at most %d bytes without control characters", i+1, text, maxText)
			}
		}
		if f.Path == "" {
			return fmt.Errorf("file %d: without a path", i+1)
		}
	}
	return nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// CheckName fails unless a list can have the name.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("name: %.120q: want up to 100 letters, digits, dots, dashes and underscores", name)
	}
	return nil
}
