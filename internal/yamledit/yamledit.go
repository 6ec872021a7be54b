// SPDX-License-Identifier: Apache-2.0

// Package yamledit changes YAML files that people write by hand: what is not changed keeps its place and its comments.
package yamledit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse returns the mapping at the top of a YAML document, and the document.
func Parse(text []byte) (doc, top *yaml.Node, err error) {
	doc = &yaml.Node{}
	if err := yaml.Unmarshal(text, doc); err != nil {
		return nil, nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, nil, errors.New("not a YAML mapping")
	}
	return doc, doc.Content[0], nil
}

// Format writes a document as the committed files are written.
func Format(doc *yaml.Node) ([]byte, error) {
	text, err := encode(doc)
	if err != nil {
		return nil, err
	}
	return airy(text), nil
}

func encode(node *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
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

// Get returns the value of a mapping's key, or nil.
func Get(m *yaml.Node, key string) *yaml.Node {
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

// Items returns the members of a list; none if there is no list.
func Items(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// Scalar returns a key's value as text, empty when it is absent.
func Scalar(m *yaml.Node, key string) string {
	if n := Get(m, key); n != nil {
		return n.Value
	}
	return ""
}

// Put gives a mapping's key a value. An existing key keeps its place and its
// comments.
func Put(m *yaml.Node, key string, value *yaml.Node) error {
	if m == nil || m.Kind != yaml.MappingNode {
		return fmt.Errorf("cannot set %s: the file has no such place", key)
	}
	if old := Get(m, key); old != nil {
		value.HeadComment, value.LineComment, value.FootComment = old.HeadComment, old.LineComment, old.FootComment
		*old = *value
		return nil
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	return nil
}

// Remove takes keys out of a mapping.
func Remove(m *yaml.Node, keys ...string) {
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
