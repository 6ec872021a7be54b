// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fallbacks is who is told instead, in this order, where a route has lost the
// receiver that takes what no route below it matches.
var fallbacks = []string{
	"email_admin", "slack_ops", "slack_dev", "webhook_oncall", "sms_oncall", "push_oncall",
}

// routeWriter takes the receivers that dropped out of the routing tree.
type routeWriter struct {
	missing map[string]bool
	notes   []string
}

func (w *routeWriter) prune(root *yaml.Node) error {
	fallback := w.fallback()
	if fallback == "" {
		return fmt.Errorf("no receiver has values, so critical alerts would reach nobody: fill in at least one of %s",
			strings.Join(fallbacks, ", "))
	}
	if err := w.replace(root, fallback); err != nil {
		return err
	}
	return w.pruneChildren(root, fallback)
}

func (w *routeWriter) fallback() string {
	for _, name := range fallbacks {
		if !w.missing[name] {
			return name
		}
	}
	return ""
}

// replace gives a route that lost its receiver the fallback's.
func (w *routeWriter) replace(route *yaml.Node, fallback string) error {
	name := scalar(route, "receiver")
	if !w.missing[name] {
		return nil
	}
	if name == "watchdog" {
		// Nobody may take it for an alert.
		fallback = "nobody"
	}
	return set(route, "receiver", fallback)
}

func (w *routeWriter) pruneChildren(route *yaml.Node, fallback string) error {
	children := get(route, "routes")
	if children == nil {
		return nil
	}
	kept := make([]*yaml.Node, 0, len(children.Content))
	for _, child := range children.Content {
		if w.isLevel(child) && w.missing[scalar(child, "receiver")] {
			continue
		}
		if err := w.replace(child, fallback); err != nil {
			return err
		}
		if err := w.pruneChildren(child, fallback); err != nil {
			return err
		}
		kept = append(kept, child)
	}
	if len(kept) == 0 {
		w.notes = append(w.notes, fmt.Sprintf("%s: none of its receivers has values, %s is told", describe(route), scalar(route, "receiver")))
		remove(route, "routes")
		return nil
	}
	if err := w.keepFirstWait(route, children.Content[0], kept[0]); err != nil {
		return err
	}
	children.Content = kept
	return nil
}

// isLevel tells a route that adds a receiver to a row of the table (or a
// receiver's own route for what is escalated by hand) from one that stands for
// alerts, which must keep a receiver whatever drops out.
func (w *routeWriter) isLevel(route *yaml.Node) bool {
	if get(route, "routes") != nil {
		return false
	}
	matchers := items(get(route, "matchers"))
	return len(matchers) == 0 || strings.HasPrefix(matchers[0].Value, "escalate=")
}

// keepFirstWait tells the first receiver that is left when the first one of
// the committed row would have been told: an alert must not wait an hour
// because the channels before the last have no values.
func (w *routeWriter) keepFirstWait(row, was, is *yaml.Node) error {
	before, now := scalar(was, "group_wait"), scalar(is, "group_wait")
	if was == is || before == "" || before == now {
		return nil
	}
	w.notes = append(w.notes, fmt.Sprintf("%s: %s is told after %s instead of %s, nobody is before it",
		describe(row), scalar(is, "receiver"), before, now))
	return set(is, "group_wait", before)
}

// describe names a route by what it matches.
func describe(route *yaml.Node) string {
	var matchers []string
	for _, m := range items(get(route, "matchers")) {
		matchers = append(matchers, m.Value)
	}
	if len(matchers) == 0 {
		return "any other alert"
	}
	return strings.Join(matchers, ", ")
}
