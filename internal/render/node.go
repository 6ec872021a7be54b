// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// parse returns the mapping at the top of a YAML document, and the document.
func parse(text []byte) (doc, top *yaml.Node, err error) {
	doc = &yaml.Node{}
	if err := yaml.Unmarshal(text, doc); err != nil {
		return nil, nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, nil, errors.New("not a YAML mapping")
	}
	return doc, doc.Content[0], nil
}

// format writes a document as the committed files are written.
func format(doc *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	return airy(out.Bytes()), nil
}

// airy puts blank lines back, which a YAML document does not keep: before what
// stands at the margin, before a comment, and between named things. Text inside
// blocks is indented further and stays.
func airy(text []byte) []byte {
	var out bytes.Buffer
	last := ""
	for line := range strings.Lines(string(text)) {
		bare := strings.TrimLeft(line, " ")
		indent := len(line) - len(bare)
		previous := strings.TrimSpace(last)
		comment := strings.HasPrefix(bare, "#")
		opens := indent == 0 || comment && indent <= 6 || indent == 2 && strings.HasPrefix(bare, "- ")
		follows := previous == "" || strings.HasPrefix(previous, "#") || strings.HasSuffix(previous, ":")
		if opens && !follows {
			out.WriteByte('\n')
		}
		out.WriteString(line)
		last = line
	}
	return out.Bytes()
}

// get returns the value of a mapping's key, or nil.
func get(m *yaml.Node, key string) *yaml.Node {
	if m == nil || m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// items returns the members of a list; none if there is no list.
func items(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// scalar returns a key's value as text, empty when it is absent.
func scalar(m *yaml.Node, key string) string {
	if n := get(m, key); n != nil {
		return n.Value
	}
	return ""
}

// set gives a mapping's key a value. An existing key keeps its place and its
// comments.
func set(m *yaml.Node, key string, value any) error {
	if m == nil || m.Kind != yaml.MappingNode {
		return fmt.Errorf("cannot set %s: the committed file has no such place", key)
	}
	fresh, err := encode(value)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if old := get(m, key); old != nil {
		fresh.HeadComment, fresh.LineComment, fresh.FootComment = old.HeadComment, old.LineComment, old.FootComment
		*old = *fresh
		return nil
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, fresh)
	return nil
}

// remove takes keys out of a mapping.
func remove(m *yaml.Node, keys ...string) {
	if m == nil {
		return
	}
	for _, key := range keys {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if m.Content[i].Value == key {
				m.Content = append(m.Content[:i], m.Content[i+2:]...)
				break
			}
		}
	}
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
		n := get(m, key)
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
