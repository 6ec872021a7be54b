// SPDX-License-Identifier: Apache-2.0

package thresholds

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// Apply changes the rules of a shipped file, at its top.
func (v Values) Apply(top *yaml.Node) error {
	groups := yamledit.Get(top, "groups")
	for _, group := range yamledit.Items(groups) {
		list := yamledit.Get(group, "rules")
		var kept []*yaml.Node
		for _, rule := range yamledit.Items(list) {
			changed, err := v.rule(rule)
			if err != nil {
				return fmt.Errorf("%s: %w", yamledit.Scalar(rule, "alert"), err)
			}
			kept = append(kept, changed...)
		}
		if list != nil {
			list.Content = kept
		}
	}
	if groups != nil {
		groups.Content = slices.DeleteFunc(groups.Content, func(g *yaml.Node) bool { return len(yamledit.Items(yamledit.Get(g, "rules"))) == 0 })
	}
	return nil
}

// rule returns what becomes of one rule: none, itself, or itself and one of
// another severity.
func (v Values) rule(node *yaml.Node) ([]*yaml.Node, error) {
	labels := yamledit.Get(node, "labels")
	id, its := yamledit.Scalar(labels, "rule_id"), yamledit.Scalar(labels, "severity")
	if yamledit.Get(node, "alert") == nil {
		return []*yaml.Node{node}, nil
	}
	c := v.rules[id]
	if c.disabled {
		return nil, nil
	}
	result := []*yaml.Node{node}
	for _, other := range severities {
		f, wanted := c.numbers[other]
		t, ok := own(id, its)
		if !wanted || !ok || other == its || has(id, other) {
			continue
		}
		second := copyOf(node)
		if err := v.edit(second, id, its, map[string]float64{t.name: f}); err != nil {
			return nil, err
		}
		if err := second.label(severity, other); err != nil {
			return nil, err
		}
		result = append(result, second.Node)
	}
	r := rule{node}
	if err := v.edit(r, id, its, nil); err != nil || c.severity == "" {
		return result, err
	}
	return result, r.label(severity, c.severity)
}

// edit sets the numbers that are wanted of a rule, first of all those that are
// given here.
func (v Values) edit(r rule, id, its string, first map[string]float64) error {
	for _, t := range declared() {
		if t.role == "" || !slices.Contains(t.also, id) && (t.rule != id || t.severity != its) {
			continue
		}
		f, wanted := v.rules[t.rule].numbers[t.name]
		if given, ok := first[t.name]; ok && t.rule == id {
			f, wanted = given, true
		}
		if !wanted {
			continue
		}
		if err := r.number(t, f); err != nil {
			return err
		}
	}
	return r.wait(id, its, v.rules[id])
}

// own is the threshold by which a rule of a severity fires.
func own(id, its string) (threshold, bool) {
	for _, t := range declared() {
		if t.rule == id && t.severity == its && t.name == its {
			return t, true
		}
	}
	return threshold{}, false
}

func has(id, its string) bool {
	_, ok := own(id, its)
	return ok
}

// rule is a rule that is edited.
type rule struct{ *yaml.Node }

func copyOf(node *yaml.Node) rule {
	var deep func(*yaml.Node) *yaml.Node
	deep = func(n *yaml.Node) *yaml.Node {
		c := *n
		c.Content = nil
		for _, child := range n.Content {
			c.Content = append(c.Content, deep(child))
		}
		return &c
	}
	return rule{deep(node)}
}

// number replaces a threshold in the expression, and where the texts say it.
func (r rule) number(t threshold, f float64) error {
	expr := yamledit.Get(r.Node, "expr")
	if expr == nil {
		return nil
	}
	all, err := numbers(expr.Value)
	if err != nil {
		return err
	}
	slices.Reverse(all) // the places of earlier ones stay
	for _, n := range all {
		if n.role == t.role {
			expr.Value = expr.Value[:n.start] + number2text(f) + expr.Value[n.end:]
		}
	}
	r.say(t, t.unit, f)
	return nil
}

// say lets the texts follow a number.
func (r rule) say(t threshold, u unit, f float64) {
	texts := yamledit.Get(r.Node, "annotations")
	for _, name := range []string{"summary", "description", "summary_zh", "description_zh"} {
		text := yamledit.Get(texts, name)
		if text == nil {
			continue
		}
		value := u.english(f)
		if strings.HasSuffix(name, "_zh") {
			value = u.chinese(f)
		}
		for _, p := range t.says {
			text.Value = strings.ReplaceAll(text.Value, p.text, fmt.Sprintf(p.form, value))
		}
	}
}

func (r rule) label(name, value string) error {
	node := &yaml.Node{}
	node.SetString(value)
	return yamledit.Put(yamledit.Get(r.Node, "labels"), name, node)
}

// wait changes how long a rule waits before it fires.
func (r rule) wait(id, its string, c change) error {
	if c.wait == nil {
		return nil
	}
	if *c.wait == 0 {
		yamledit.Remove(r.Node, wait)
		return nil
	}
	for _, t := range declared() {
		if t.rule == id && t.severity == its && t.name == wait {
			r.say(t, seconds, float64(*c.wait)/1e9)
		}
	}
	node := &yaml.Node{}
	node.SetString(c.wait.String())
	return yamledit.Put(r.Node, wait, node)
}
