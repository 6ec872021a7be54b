// SPDX-License-Identifier: Apache-2.0

package host

import "github.com/easy-erp/dbsync/collector"

// gauge, counter and untyped declare a family; from is the file or the call
// that its values come from.
func gauge(name, help, from string, labels ...string) *collector.Family {
	return &collector.Family{Name: name, Help: help, Source: from, Labels: labels}
}

func counter(name, help, from string, labels ...string) *collector.Family {
	f := gauge(name, help, from, labels...)
	f.Type = collector.Counter
	return f
}

func untyped(name, help, from string) *collector.Family {
	f := gauge(name, help, from)
	f.Type = collector.Untyped
	return f
}

// field is a family whose value is a part of a T, which was read as a whole.
type field[T any] struct {
	family *collector.Family
	value  func(T) float64
}

func familiesOf[T any](fields []field[T]) []*collector.Family {
	all := make([]*collector.Family, len(fields))
	for i, f := range fields {
		all[i] = f.family
	}
	return all
}

func emit[T any](out *collector.Sink, fields []field[T], whole T, labels ...string) {
	for _, f := range fields {
		out.Emit(f.family, f.value(whole), labels...)
	}
}
