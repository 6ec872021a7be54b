// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/suggest"
)

// decoder writes a YAML document into the types of file.go. The library's own
// decoder is strict too, but its messages name Go types instead of keys, and it
// does not tell where a value came from, which validation needs as well.
type decoder struct {
	*problems
	getenv func(string) (string, bool)
}

// syntaxLine takes the library's "yaml: line 3: message" apart.
var syntaxLine = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// parse reads the one document of a file. An empty file is an empty document.
func (d *decoder) parse(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		d.syntax(err)
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		d.places[""] = place{d.where, second.Line}
		d.add("", "a second document: the configuration is one")
		return nil
	}
	return doc.Content[0]
}

// syntax reports what is no YAML. The library counts some lines from 0 and others
// from 1, hence "near".
func (d *decoder) syntax(err error) {
	m := syntaxLine.FindStringSubmatch(err.Error())
	switch {
	case m == nil:
		d.add("", "not YAML: %v", err)
	case m[1] == "":
		d.add("", "not YAML: %s", m[2])
	default:
		d.add("", "not YAML near line %s: %s", m[1], m[2])
	}
}

// value decodes a node into v, which is the key's; line is where the key is.
func (d *decoder) value(key string, line int, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.places[key] = place{d.where, line}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // "key:" with nothing behind it is the default
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.scalar(key, n, text.UnmarshalText)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(key, line, n, v.Elem())
	case reflect.Struct:
		d.structure(key, n, v)
	case reflect.Map:
		d.dictionary(key, n, v)
	case reflect.Slice:
		d.list(key, n, v)
	default:
		d.scalar(key, n, func(text []byte) error { return setBasic(v, string(text)) })
	}
}

// setBasic parses a text into a string, bool or int.
func setBasic(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return errors.New("want true or false")
		}
		v.SetBool(text == "true")
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("want a whole number")
		}
		v.SetInt(int64(n))
	default:
		v.SetString(text)
	}
	return nil
}

func (d *decoder) scalar(key string, n *yaml.Node, set func([]byte) error) {
	if n.Kind != yaml.ScalarNode {
		d.add(key, "want a single value, not %s", kindName(n))
		return
	}
	text, err := expand(n.Value, d.getenv)
	if err == nil {
		err = set([]byte(text))
	}
	if err != nil {
		d.add(key, "%v", err)
	}
}

func (d *decoder) list(key string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.add(key, "want a list, not %s", kindName(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(fmt.Sprintf("%s[%d]", key, i), item.Line, item, v.Index(i))
	}
}

// entries calls each for the keys of a mapping, each once.
func (d *decoder) entries(key string, n *yaml.Node, each func(name string, keyNode, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.add(key, "want keys and values, not %s", kindName(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if first, twice := seen[k.Value]; twice {
			d.places[join(key, k.Value)] = place{d.where, k.Line}
			d.add(join(key, k.Value), "given twice, first in line %d", first)
			continue
		}
		seen[k.Value] = k.Line
		each(k.Value, k, n.Content[i+1])
	}
}

func (d *decoder) dictionary(key string, n *yaml.Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.entries(key, n, func(name string, keyNode, value *yaml.Node) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(join(key, name), keyNode.Line, value, item)
		v.SetMapIndex(reflect.ValueOf(name), item)
	})
}

func (d *decoder) structure(key string, n *yaml.Node, v reflect.Value) {
	fields := keysOf(v.Type())
	d.entries(key, n, func(name string, keyNode, value *yaml.Node) {
		if i := slices.Index(fields, name); i >= 0 {
			d.value(join(key, name), keyNode.Line, value, v.Field(i))
			return
		}
		d.places[join(key, name)] = place{d.where, keyNode.Line}
		d.add(join(key, name), "unknown key: %s", unknownKey(name, fields))
	})
}

func unknownKey(name string, fields []string) string {
	if name == "insecure" && slices.Contains(fields, "mode") {
		return "write mode: insecure"
	}
	return suggest.Name(name, fields)
}

// keysOf returns the YAML keys of a struct's fields, in their order.
func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return keys
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
