// SPDX-License-Identifier: Apache-2.0

// Package thresholds changes the numbers by which the shipped rules fire, without a copy of the rules: what an installation
// wants otherwise is a few lines of YAML, which still fit when the rules are replaced by those of the next version.
//
//	database_connections_high: {warning: 70%, critical: 90%, for: 10m}
//	mysql_long_transaction: {disabled: true}
//	host_memory_low: {severity: critical}
package thresholds

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/suggest"
	"github.com/easy-erp/dbsync/rules"
)

// The names that every rule has.
const (
	wait     = "for"
	severity = "severity"
	disabled = "disabled"
)

var severities = []string{"critical", "warning", "info"}

// Values is what an installation wants otherwise, by rule_id. The zero value
// leaves everything as it is shipped.
type Values struct{ rules map[string]change }

// change is what is wanted of one rule_id.
type change struct {
	disabled bool
	severity string
	wait     *model.Duration
	numbers  map[string]float64 // by name, as the expression has them
}

// Load reads values from a YAML file. What it does not know is an error with its
// line.
func Load(path string) (Values, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Values{}, err
	}
	v, err := Parse(text)
	if err != nil {
		return Values{}, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// Parse is [Load] for text at hand.
func Parse(text []byte) (Values, error) {
	var v Values
	return v, yaml.Unmarshal(text, &v)
}

// UnmarshalYAML reads them as a part of another file, too.
func (v *Values) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want rule_ids and what is otherwise of them", node.Line)
	}
	shipped, err := shippedAlerts()
	if err != nil {
		return err
	}
	v.rules = map[string]change{}
	var wrong []error
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		id := key.Value
		if _, twice := v.rules[id]; twice {
			wrong = append(wrong, fmt.Errorf("line %d: %s: it stands here twice", key.Line, id))
			continue
		}
		if len(shipped[id]) == 0 {
			wrong = append(wrong, fmt.Errorf("line %d: %s: no shipped rule has this rule_id: %s", key.Line, id, suggest.Name(id, ids(shipped))))
			continue
		}
		c, err := parseChange(id, shipped[id], value)
		v.rules[id] = c
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// shippedAlerts are the shipped alert rules by rule_id.
func shippedAlerts() (map[string][]rulefile.Rule, error) {
	all, err := rulefile.Read(rules.Files, "*.rules.yml")
	byID := map[string][]rulefile.Rule{}
	for _, r := range all {
		if r.Alert != "" {
			byID[r.Labels["rule_id"]] = append(byID[r.Labels["rule_id"]], r)
		}
	}
	return byID, err
}

func ids(shipped map[string][]rulefile.Rule) []string {
	var all []string
	for id := range shipped {
		all = append(all, id)
	}
	return all
}

func parseChange(id string, of []rulefile.Rule, node *yaml.Node) (change, error) {
	c := change{numbers: map[string]float64{}}
	if node.Kind != yaml.MappingNode {
		return c, fmt.Errorf("line %d: %s: want names and values, such as {for: 10m}", node.Line, id)
	}
	var wrong []error
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if err := c.set(id, of, key.Value, value); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %s.%s: %w", key.Line, id, key.Value, err))
		}
	}
	if err := c.ordered(id, of); err != nil {
		wrong = append(wrong, fmt.Errorf("line %d: %s: %w", node.Line, id, err))
	}
	return c, errors.Join(wrong...)
}

// ordered refuses a worse severity that comes before a milder one.
func (c *change) ordered(id string, of []rulefile.Rule) error {
	by := map[string]float64{}
	role := ""
	for _, t := range declared() {
		if t.rule == id && t.name == t.severity {
			f, err := t.shipped()
			if err != nil {
				return err
			}
			by[t.name], role = f, t.role
		}
	}
	if len(by) == 0 {
		return nil
	}
	for _, name := range severities {
		if f, ok := c.numbers[name]; ok {
			by[name] = f
		}
	}
	if len(by) > 1 && c.severity != "" {
		return errors.New("it cannot have thresholds for two severities and be of another one")
	}
	last := ""
	for _, name := range severities { // the worst first
		f, ok := by[name]
		if !ok {
			continue
		}
		if worse := by[last]; last != "" && (strings.HasPrefix(role, ">") && worse <= f || strings.HasPrefix(role, "<") && worse >= f) {
			return fmt.Errorf("%s would not come before %s", name, last)
		}
		last = name
	}
	return nil
}

func (c *change) set(id string, of []rulefile.Rule, name string, value *yaml.Node) error {
	if value.Kind != yaml.ScalarNode {
		return errors.New("want one value")
	}
	switch name {
	case disabled:
		b, err := strconv.ParseBool(value.Value)
		c.disabled = b
		if err != nil {
			return fmt.Errorf("%q: want true or false", value.Value)
		}
		return nil
	case severity:
		c.severity = value.Value
		if !slices.Contains(severities, value.Value) {
			return fmt.Errorf("%q: want critical, warning or info", value.Value)
		}
		if len(severitiesOf(of)) > 1 {
			return fmt.Errorf("its rules have several: %v; change their thresholds instead", severitiesOf(of))
		}
		return nil
	case wait:
		d, err := model.ParseDuration(value.Value)
		c.wait = &d
		if err != nil {
			return fmt.Errorf("%q: want a duration such as 30s or 10m", value.Value)
		}
		if !oneWait(of) {
			return errors.New("its rules wait differently long on purpose, so one value for all cannot be right")
		}
		return nil
	}
	t, err := named(id, of, name)
	if err != nil {
		return err
	}
	f, err := t.unit.parse(value.Value)
	c.numbers[name] = f
	return err
}

// named returns the threshold of a name. A severity that a rule does not have
// gives it a second threshold.
func named(id string, of []rulefile.Rule, name string) (threshold, error) {
	known := []string{wait, severity, disabled}
	for _, t := range declared() {
		if t.rule != id || t.role == "" {
			continue
		}
		if t.name == name || slices.Contains(severities, name) && len(of) == 1 && t.name == t.severity {
			return t, nil
		}
		known = append(known, t.name)
	}
	return threshold{}, fmt.Errorf("it has no threshold of this name: %s", suggest.Name(name, known))
}

func severitiesOf(of []rulefile.Rule) []string {
	var all []string
	for _, r := range of {
		all = append(all, r.Labels["severity"])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func oneWait(of []rulefile.Rule) bool {
	return !slices.ContainsFunc(of, func(r rulefile.Rule) bool { return r.For != of[0].For })
}
