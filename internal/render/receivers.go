// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// The receivers with a meaning of their own.
const (
	watchdog = "watchdog" // the dead man's switch
	nobody   = "nobody"   // takes what nobody is told
)

// Seed lists the receivers that the shipped routing table names, in the order
// in which they are written, and in which one stands in for another.
func Seed() []string {
	return []string{"email_admin", "slack_dev", "slack_ops", "webhook_oncall", "sms_oncall", "push_oncall"}
}

// receivers are the blocks of those that have values.
type receivers struct {
	names   []string // those that people stand behind, in order
	blocks  map[string]*yaml.Node
	inlined bool // a secret is among them
}

// receiverName keeps names usable in matchers, metrics and commands as they are.
var receiverName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]{0,62}$`)

func newReceivers(a Alertmanager, minor int) (*receivers, error) {
	all := &receivers{blocks: map[string]*yaml.Node{}}
	ordered := slices.Concat(Seed(), slices.Sorted(maps.Keys(a.Receivers)))
	for i, name := range ordered {
		values, given := a.Receivers[name]
		if !given || values.Disabled || slices.Contains(ordered[:i], name) {
			continue
		}
		if err := all.add(name, values, a, minor); err != nil {
			return nil, fmt.Errorf("alertmanager.receivers.%s: %w", name, err)
		}
	}
	return all, nil
}

func (rs *receivers) add(name string, values Receiver, a Alertmanager, minor int) error {
	if name == nobody || !receiverName.MatchString(name) {
		return errors.New("not a name for a receiver: letters, digits, _ and - only, and not " + nobody)
	}
	channels := values.channels()
	if len(channels) == 0 {
		return errors.New("has no channel; leave it out, or give it one such as email or webhook")
	}
	lists := map[string][]any{}
	var kinds []string
	for _, c := range channels {
		s := c.spec()
		if minor < s.since {
			return fmt.Errorf("%s: needs Alertmanager 0.%d, and alertmanager.version is 0.%d", s.name, s.since, minor)
		}
		r := &resolver{minor: minor, smtp: a.SMTP, timeout: a.Timeout}
		block := c.block(r)
		if r.problem != nil {
			return fmt.Errorf("%s.%w", s.name, r.problem)
		}
		if name == watchdog {
			block = heartbeat(block)
		}
		rs.inlined = rs.inlined || r.inlined
		if lists[s.kind] == nil {
			kinds = append(kinds, s.kind)
		}
		lists[s.kind] = append(lists[s.kind], block)
	}
	fields := []field{{"name", name}}
	for _, kind := range kinds {
		fields = append(fields, field{kind, lists[kind]})
	}
	node, err := encode(fields)
	if err != nil {
		return err
	}
	rs.blocks[name] = node
	if name != watchdog {
		rs.names = append(rs.names, name)
	}
	return nil
}

// heartbeat keeps the dead man's switch from hearing that the watchdog ended:
// only its silence means something.
func heartbeat(block []field) []field {
	out := slices.Clone(block)
	for i, f := range out {
		if f.key == "send_resolved" {
			out[i].value = false
		}
	}
	return out
}

func (rs *receivers) has(name string) bool { return rs.blocks[name] != nil }

// nodes returns the list for the configuration.
func (rs *receivers) nodes() []*yaml.Node {
	none, _ := encode([]field{{"name", nobody}}) // cannot fail on a string
	all := []*yaml.Node{none}
	for _, name := range append([]string{watchdog}, rs.names...) {
		if node := rs.blocks[name]; node != nil {
			all = append(all, node)
		}
	}
	return all
}
