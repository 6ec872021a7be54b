// SPDX-License-Identifier: Apache-2.0

// Package customrules keeps the alert rules of an installation's own: a rule file beside the shipped ones, which people
// may edit too. A rule that is switched off stands in a second file that Prometheus does not read.
package customrules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/apply"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/yamledit"
)

// DisabledSuffix ends the name of the file with what is switched off; the
// pattern rules/*.yml does not match it.
const DisabledSuffix = ".disabled"

// empty is a file without rules.
const empty = `# Alert rules of your own: "dbsyncctl rule add" and its like write here, and so may you. Comments stay.
groups: []
`

// Rule is one rule of the two files.
type Rule struct {
	rulefile.Rule
	Enabled bool
}

// Set is the rules of both files.
type Set struct{ enabled, disabled *file }

// file is one of the two, as it is written.
type file struct {
	path     string
	doc, top *yaml.Node
	changed  bool
}

// Open reads the rules; a file that is not there has none.
func Open(path string) (*Set, error) {
	enabled, err := openFile(path)
	if err != nil {
		return nil, err
	}
	disabled, err := openFile(path + DisabledSuffix)
	if err != nil {
		return nil, err
	}
	return &Set{enabled, disabled}, nil
}

func openFile(path string) (*file, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte(empty), nil
	}
	if err != nil {
		return nil, err
	}
	if _, errs := rulefile.Parse(path, text); len(errs) > 0 {
		return nil, fmt.Errorf("%s: it is not valid as it is: %w", path, errors.Join(errs...))
	}
	doc, top, err := yamledit.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &file{path: path, doc: doc, top: top}, nil
}

// Rules returns all rules, those that are switched off last.
func (s *Set) Rules() ([]Rule, error) {
	var all []Rule
	for _, f := range []*file{s.enabled, s.disabled} {
		text, err := yamledit.Format(f.doc)
		if err != nil {
			return nil, err
		}
		rules, errs := rulefile.Parse(f.path, text)
		if len(errs) > 0 {
			return nil, fmt.Errorf("%s: %w", f.path, errors.Join(errs...))
		}
		for _, r := range rules {
			all = append(all, Rule{r, f == s.enabled})
		}
	}
	return all, nil
}

// ErrUnknown says that no rule of the files has the name.
var ErrUnknown = errors.New("no rule of your own has this name")

// Find returns the rule with this rule_id or name.
func (s *Set) Find(name string) (Rule, error) {
	all, err := s.Rules()
	if err != nil {
		return Rule{}, err
	}
	found := slices.DeleteFunc(all, func(r Rule) bool { return !named(r.Rule.Rule, name) })
	switch len(found) {
	case 0:
		return Rule{}, fmt.Errorf("%s: %w", name, ErrUnknown)
	case 1:
		return found[0], nil
	}
	return Rule{}, fmt.Errorf("%s: %d rules of %s have this name: edit the file by hand", name, len(found), s.enabled.path)
}

func named(r rulefmt.Rule, name string) bool {
	return r.Alert == name || r.Record == name || r.Labels["rule_id"] == name && name != ""
}

// Files returns the files that differ now from what was read.
func (s *Set) Files() ([]apply.File, error) {
	var all []apply.File
	for _, f := range []*file{s.enabled, s.disabled} {
		if !f.changed {
			continue
		}
		text, err := yamledit.Format(f.doc)
		if err != nil {
			return nil, err
		}
		if _, errs := rulefile.Parse(f.path, text); len(errs) > 0 {
			return nil, errors.Join(errs...)
		}
		all = append(all, apply.File{Path: f.path, Text: text, Mode: 0o644})
	}
	return all, nil
}

// Text is the file that Prometheus reads.
func (s *Set) Text() ([]byte, error) { return yamledit.Format(s.enabled.doc) }
