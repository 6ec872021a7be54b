// SPDX-License-Identifier: Apache-2.0

package customrules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// The groups that Add writes to. A page is late by the interval of its group.
const (
	pages     = "custom_pages"
	others    = "custom"
	pageEvery = "10s"
)

func groupFor(r rulefmt.Rule) (name, interval string) {
	if r.Labels["severity"] == "critical" {
		return pages, pageEvery
	}
	return others, ""
}

// Add appends a rule. Its name must be new.
func (s *Set) Add(r rulefmt.Rule) error {
	for _, name := range []string{r.Alert, r.Labels["rule_id"]} {
		if known, err := s.Find(name); err == nil {
			return fmt.Errorf("%s is there already: change it with `rule update %s`, or give another name", known.Alert, known.Alert)
		}
	}
	node := &yaml.Node{Kind: yaml.MappingNode}
	if err := fill(node, r); err != nil {
		return err
	}
	group, interval := groupFor(r)
	return s.enabled.put(group, interval, node)
}

// Update changes a rule where it stands. One that begins or ceases to page moves
// to the group that fits, unless it is in a group of somebody's own.
func (s *Set) Update(name string, change func(*rulefmt.Rule) error) error {
	found, err := s.Find(name)
	if err != nil {
		return err
	}
	f := s.of(found)
	group, i := f.locate(name)
	node := yamledit.Get(group, "rules").Content[i]
	changed := found.Rule.Rule
	changed.Labels, changed.Annotations = maps.Clone(changed.Labels), maps.Clone(changed.Annotations)
	if err := change(&changed); err != nil {
		return err
	}
	if err := fill(node, changed); err != nil {
		return err
	}
	f.changed = true
	wanted, interval := groupFor(changed)
	if wanted == found.Group || found.Group != pages && found.Group != others {
		return nil
	}
	f.take(group, i)
	return f.put(wanted, interval, node)
}

// Delete takes a rule out.
func (s *Set) Delete(name string) error {
	found, err := s.Find(name)
	if err != nil {
		return err
	}
	f := s.of(found)
	f.take(f.locate(name))
	return nil
}

// Switch moves a rule to the file that is read, or to the other one, with its
// comments.
func (s *Set) Switch(name string, on bool) error {
	found, err := s.Find(name)
	if err != nil {
		return err
	}
	if found.Enabled == on {
		return nil
	}
	from, to := s.enabled, s.disabled
	if on {
		from, to = to, from
	}
	group, i := from.locate(name)
	interval := yamledit.Scalar(group, "interval")
	return to.put(found.Group, interval, from.take(group, i))
}

func (s *Set) of(r Rule) *file {
	if r.Enabled {
		return s.enabled
	}
	return s.disabled
}

// locate finds a rule that is there.
func (f *file) locate(name string) (group *yaml.Node, i int) {
	for _, group := range yamledit.Items(yamledit.Get(f.top, "groups")) {
		for i, node := range yamledit.Items(yamledit.Get(group, "rules")) {
			var r rulefmt.Rule
			if node.Decode(&r) == nil && named(r, name) {
				return group, i
			}
		}
	}
	return nil, -1
}

// take removes a rule, and its group when that was all of it.
func (f *file) take(group *yaml.Node, i int) *yaml.Node {
	f.changed = true
	rules := yamledit.Get(group, "rules")
	node := rules.Content[i]
	rules.Content = slices.Delete(rules.Content, i, i+1)
	if len(rules.Content) == 0 {
		groups := yamledit.Get(f.top, "groups")
		groups.Content = slices.DeleteFunc(groups.Content, func(g *yaml.Node) bool { return g == group })
	}
	return node
}

// put appends a rule to a group, which is made when it is not there.
func (f *file) put(name, interval string, node *yaml.Node) error {
	f.changed = true
	groups := yamledit.Get(f.top, "groups")
	if groups == nil || groups.Kind != yaml.SequenceNode {
		groups = &yaml.Node{Kind: yaml.SequenceNode}
		if err := yamledit.Put(f.top, "groups", groups); err != nil {
			return err
		}
		groups = yamledit.Get(f.top, "groups")
	}
	groups.Style &^= yaml.FlowStyle // as in "groups: []"
	for _, group := range groups.Content {
		if yamledit.Scalar(group, "name") != name {
			continue
		}
		rules := yamledit.Get(group, "rules")
		if rules == nil || rules.Kind != yaml.SequenceNode {
			if err := yamledit.Put(group, "rules", &yaml.Node{Kind: yaml.SequenceNode}); err != nil {
				return err
			}
			rules = yamledit.Get(group, "rules")
		}
		rules.Style &^= yaml.FlowStyle
		rules.Content = append(rules.Content, node)
		return nil
	}
	group := &yaml.Node{Kind: yaml.MappingNode}
	if err := put(group, "name", name); err != nil {
		return err
	}
	if err := put(group, "interval", interval); err != nil {
		return err
	}
	groups.Content = append(groups.Content, group)
	return yamledit.Put(group, "rules", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}})
}

// fill writes a rule into a mapping; what it has already keeps its place.
func fill(node *yaml.Node, r rulefmt.Rule) error {
	for _, f := range []struct{ key, value string }{
		{"alert", r.Alert}, {"expr", r.Expr}, {"for", duration(r.For)}, {"keep_firing_for", duration(r.KeepFiringFor)},
	} {
		if err := put(node, f.key, f.value); err != nil {
			return err
		}
	}
	if err := fillMap(node, "labels", r.Labels, "severity", "component", "rule_id", "notify", "notify_after"); err != nil {
		return err
	}
	return fillMap(node, "annotations", r.Annotations, "summary", "description", "summary_zh", "description_zh")
}

func duration(d model.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// fillMap writes labels or annotations, new ones in this order and then by name.
func fillMap(node *yaml.Node, key string, values map[string]string, order ...string) error {
	if len(values) == 0 {
		yamledit.Remove(node, key)
		return nil
	}
	m := yamledit.Get(node, key)
	if m == nil {
		if err := yamledit.Put(node, key, &yaml.Node{Kind: yaml.MappingNode}); err != nil {
			return err
		}
		m = yamledit.Get(node, key)
	}
	for i := len(m.Content) - 2; i >= 0; i -= 2 {
		if _, kept := values[m.Content[i].Value]; !kept {
			yamledit.Remove(m, m.Content[i].Value)
		}
	}
	rest := slices.Sorted(maps.Keys(values))
	for _, name := range append(order, rest...) {
		if err := put(m, name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

// put writes text; none removes the key, and what is the same stays as it is written.
func put(m *yaml.Node, key, text string) error {
	if text == "" {
		yamledit.Remove(m, key)
		return nil
	}
	if old := yamledit.Get(m, key); old != nil && old.Value == text {
		return nil
	}
	node := &yaml.Node{}
	node.SetString(text)
	if strings.Contains(text, "\n") {
		node.Style = yaml.LiteralStyle
	}
	return yamledit.Put(m, key, node)
}
