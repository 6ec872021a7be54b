// SPDX-License-Identifier: Apache-2.0

// Package rulefile reads Prometheus rule files and their promtool tests, for
// what looks at rules without evaluating them.
package rulefile

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// Rule is one recording or alerting rule and where it stands.
type Rule struct {
	rulefmt.Rule
	File     string // its base name
	Group    string
	Interval model.Duration // the group's; 0 means Prometheus' own
}

// Parser returns the parser of what Prometheus understands without feature
// flags.
func Parser() parser.Parser { return parser.NewParser(parser.Options{}) }

// Read returns all rules of the files that match the pattern, in order. It
// checks them as Prometheus does when it loads them.
func Read(fsys fs.FS, pattern string) ([]Rule, error) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no rule file matches %s", pattern)
	}
	var all []Rule
	for _, name := range names {
		rules, err := readFile(fsys, name)
		if err != nil {
			return nil, err
		}
		all = append(all, rules...)
	}
	return all, nil
}

func readFile(fsys fs.FS, name string) ([]Rule, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	rules, errs := Parse(name, text)
	if len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(errs...))
	}
	return rules, nil
}

// Parse returns the rules of a file, or all that is wrong with it, with line
// numbers.
func Parse(name string, text []byte) ([]Rule, []error) {
	groups, errs := rulefmt.Parse(text, false, model.LegacyValidation, Parser(), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, errs
	}
	var rules []Rule
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			rules = append(rules, Rule{Rule: rule, File: path.Base(name), Group: group.Name, Interval: group.Interval})
		}
	}
	return rules, nil
}
