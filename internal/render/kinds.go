// SPDX-License-Identifier: Apache-2.0

package render

import (
	"reflect"
	"slices"
	"strings"
)

// Kind is a way to tell a receiver, as the values know it.
type Kind struct {
	Name string // such as slack
	Keys []Key
}

// Key is one value of a channel.
type Key struct {
	Name   string
	List   bool // several, such as the addresses of a mail
	Text   bool // neither a number nor a truth value
	Secret bool
	File   bool // the secret can be given as a file, by the key with _file
}

// Kinds lists the channels that a receiver can have.
func Kinds() []Kind {
	var all []Kind
	for field := range fieldsOf(reflect.TypeFor[Receiver]()) {
		if field.Type.Kind() != reflect.Pointer {
			continue
		}
		kind := Kind{Name: field.Tag.Get("yaml")}
		var names []string
		for f := range fieldsOf(field.Type.Elem()) {
			names = append(names, f.Tag.Get("yaml"))
		}
		for f := range fieldsOf(field.Type.Elem()) {
			key := Key{Name: f.Tag.Get("yaml"), List: f.Type.Kind() == reflect.Slice, Text: f.Type.Kind() == reflect.String}
			key.File = slices.Contains(names, key.Name+"_file")
			// An address that takes alerts is a secret only where it is all that protects it.
			open := key.Name == "url" && (kind.Name == "webhook" || kind.Name == "sms_gateway")
			key.Secret = key.File && !open || key.Name == "access_key" || key.Name == "secret_key"
			kind.Keys = append(kind.Keys, key)
		}
		all = append(all, kind)
	}
	return all
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// Key returns the key of a name.
func (k Kind) Key(name string) (Key, bool) {
	i := slices.IndexFunc(k.Keys, func(key Key) bool { return key.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return k.Keys[i], true
}

// String lists the keys.
func (k Kind) String() string {
	var names []string
	for _, key := range k.Keys {
		names = append(names, key.Name)
	}
	return k.Name + ": " + strings.Join(names, ", ")
}
