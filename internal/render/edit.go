// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// Setting is a key of a channel and its value.
type Setting struct {
	Key   Key
	Value string // of a list: with commas
}

// AddReceiver returns the text of values with one receiver more, or one channel
// more of a receiver. Comments stay.
func AddReceiver(text []byte, name string, kind Kind, settings []Setting) ([]byte, error) {
	doc, receivers, err := receiversOf(text)
	if err != nil {
		return nil, err
	}
	block := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for _, s := range settings {
		if err := yamledit.Put(block, s.Key.Name, s.node()); err != nil {
			return nil, err
		}
	}
	receiver := yamledit.Get(receivers, name)
	if receiver == nil {
		receiver = &yaml.Node{Kind: yaml.MappingNode}
		if err := yamledit.Put(receivers, name, receiver); err != nil {
			return nil, err
		}
		receiver = yamledit.Get(receivers, name)
	}
	if yamledit.Get(receiver, kind.Name) != nil {
		return nil, fmt.Errorf("receiver %s has %s already: change it in the file", name, kind.Name)
	}
	if err := yamledit.Put(receiver, kind.Name, block); err != nil {
		return nil, err
	}
	return yamledit.Splice(text, doc, name, "alertmanager", "receivers")
}

func (s Setting) node() *yaml.Node {
	node := &yaml.Node{}
	switch {
	case s.Key.List:
		return inline(strings.Split(s.Value, ",")...)
	case s.Key.Text:
		node.SetString(s.Value)
	default:
		node.Kind, node.Value = yaml.ScalarNode, s.Value
	}
	return node
}

// SwitchReceiver returns the text of values with a receiver told, or told
// nothing. Its values and all comments stay.
func SwitchReceiver(text []byte, name string, on bool) ([]byte, error) {
	doc, receivers, err := receiversOf(text)
	if err != nil {
		return nil, err
	}
	receiver := yamledit.Get(receivers, name)
	if receiver == nil {
		var names []string
		for i := 0; i < len(receivers.Content); i += 2 {
			names = append(names, receivers.Content[i].Value)
		}
		return nil, fmt.Errorf("no receiver is called %s: there is %s", name, strings.Join(names, ", "))
	}
	if on {
		yamledit.Remove(receiver, "disabled")
	} else if err := yamledit.Put(receiver, "disabled", &yaml.Node{Kind: yaml.ScalarNode, Value: "true"}); err != nil {
		return nil, err
	}
	return yamledit.Splice(text, doc, name, "alertmanager", "receivers")
}

// receiversOf finds the receivers, and makes the place for them where there is
// none yet.
func receiversOf(text []byte) (doc, receivers *yaml.Node, err error) {
	doc, top, err := yamledit.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	node := top
	for _, key := range []string{"alertmanager", "receivers"} {
		child := yamledit.Get(node, key)
		if child == nil || child.Tag == "!!null" {
			if err := yamledit.Put(node, key, &yaml.Node{Kind: yaml.MappingNode}); err != nil {
				return nil, nil, err
			}
			child = yamledit.Get(node, key)
		}
		if child.Kind != yaml.MappingNode {
			return nil, nil, fmt.Errorf("line %d: %s: want a mapping", child.Line, key)
		}
		node = child
	}
	return doc, node, nil
}
