// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// set gives a mapping's key a value. An existing key keeps its place and its
// comments.
func set(m *yaml.Node, key string, value any) error {
	fresh, err := encode(value)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return yamledit.Put(m, key, fresh)
}

// setDuration writes a duration the way Prometheus does, unless it is zero,
// which leaves the committed value.
func setDuration(m *yaml.Node, key string, d model.Duration) error {
	if d == 0 {
		return nil
	}
	return set(m, key, d.String())
}

// scale multiplies the durations under keys, where they are.
func scale(m *yaml.Node, factor float64, keys ...string) error {
	if factor == 0 || factor == 1 {
		return nil
	}
	for _, key := range keys {
		n := yamledit.Get(m, key)
		if n == nil {
			continue
		}
		d, err := model.ParseDuration(n.Value)
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", n.Line, key, err)
		}
		n.Value = scaled(d, factor).String()
	}
	return nil
}

// scaled keeps milliseconds, Prometheus' resolution, and never makes a wait
// vanish that was there.
func scaled(d model.Duration, factor float64) model.Duration {
	out := time.Duration(float64(d) * factor).Round(time.Millisecond)
	if d > 0 && out == 0 {
		out = time.Millisecond
	}
	return model.Duration(out)
}

// field is a key of a mapping whose order matters to the reader.
type field struct {
	key   string
	value any
}

// encode turns ordered fields, lists and plain values into YAML.
func encode(value any) (*yaml.Node, error) {
	switch v := value.(type) {
	case *yaml.Node:
		return v, nil
	case []field:
		m := &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range v {
			if err := set(m, f.key, f.value); err != nil {
				return nil, err
			}
		}
		return m, nil
	case []any:
		return encodeList(v)
	case []*yaml.Node:
		return &yaml.Node{Kind: yaml.SequenceNode, Content: v}, nil
	}
	node := &yaml.Node{}
	return node, node.Encode(value)
}

func encodeList(items []any) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, item := range items {
		node, err := encode(item)
		if err != nil {
			return nil, err
		}
		list.Content = append(list.Content, node)
	}
	return list, nil
}

func setAll(m *yaml.Node, fields []field) error {
	for _, f := range fields {
		if err := set(m, f.key, f.value); err != nil {
			return err
		}
	}
	return nil
}
