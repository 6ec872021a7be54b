// SPDX-License-Identifier: Apache-2.0

package yamledit

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Splice writes a document in which one entry of the mapping at a path was
// changed or appended: all lines of the text but that entry's stay as they are,
// byte for byte. Where that cannot be, as in a mapping on one line, the whole
// document is formatted.
func Splice(text []byte, doc *yaml.Node, key string, path ...string) ([]byte, error) {
	whole, err := Format(doc)
	if err != nil {
		return nil, err
	}
	_, before, err := Parse(text)
	if err != nil {
		return nil, err
	}
	spliced, err := splice(text, at(before, path), at(doc.Content[0], path), key)
	if err != nil {
		return nil, err
	}
	if same(spliced, whole) {
		return spliced, nil
	}
	return whole, nil
}

func at(node *yaml.Node, path []string) *yaml.Node {
	for _, key := range path {
		node = Get(node, key)
	}
	return node
}

// splice puts the entry where it stood, or after the last one that stood there.
func splice(text []byte, before, mapping *yaml.Node, key string) ([]byte, error) {
	if before == nil || mapping == nil || before.Kind != yaml.MappingNode || len(before.Content) == 0 {
		return nil, nil
	}
	column := before.Content[0].Column
	from, to := 0, 0 // lines of the text, from 1; to is the last one
	for i := 0; i+1 < len(before.Content); i += 2 {
		to = lastLine(before.Content[i+1])
		from = to + 1
		if before.Content[i].Value == key {
			from = before.Content[i].Line
			break
		}
	}
	entry := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			entry.Content = slices.Clone(mapping.Content[i : i+2])
		}
	}
	snippet, err := encode(bare(entry))
	if err != nil {
		return nil, err
	}
	lines := slices.Collect(strings.Lines(string(text)))
	if to > len(lines) || from < 1 {
		return nil, nil
	}
	var out bytes.Buffer
	for _, line := range lines[:from-1] {
		out.WriteString(line)
	}
	if out.Len() > 0 && !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		out.WriteByte('\n')
	}
	for line := range strings.Lines(string(snippet)) {
		out.WriteString(strings.Repeat(" ", column-1) + line)
	}
	for _, line := range lines[to:] {
		out.WriteString(line)
	}
	return out.Bytes(), nil
}

// lastLine is the last line on which something of a node begins.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, child := range n.Content {
		last = max(last, lastLine(child))
	}
	return last
}

// bare returns a copy of an entry without the comments that stand before and
// after it, which stay in the text.
func bare(n *yaml.Node) *yaml.Node {
	end := lastLine(n)
	var copied func(n *yaml.Node, first bool) *yaml.Node
	copied = func(n *yaml.Node, first bool) *yaml.Node {
		c := *n
		if first {
			c.HeadComment = ""
		}
		if lastLine(n) >= end {
			c.FootComment = ""
		}
		c.Content = nil
		for i, child := range n.Content {
			child = copied(child, first && i == 0)
			if n.Kind == yaml.MappingNode && i%2 == 0 && lastLine(n.Content[i+1]) >= end {
				child.FootComment = "" // what follows a value hangs on its key
			}
			c.Content = append(c.Content, child)
		}
		return &c
	}
	return copied(n, true)
}

// same tells whether two texts mean the same.
func same(a, b []byte) bool {
	var first, second any
	return len(a) > 0 && yaml.Unmarshal(a, &first) == nil && yaml.Unmarshal(b, &second) == nil && reflect.DeepEqual(first, second)
}
