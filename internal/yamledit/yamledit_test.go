// SPDX-License-Identifier: Apache-2.0

package yamledit_test

import (
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// Whatever a text looks like, what is spliced into it means what the document means.
func FuzzSplice(f *testing.F) {
	f.Add("m:\n  # a\n  a: {b: c} # d\n  # e\n  x: |\n    text\n  # f\n", "a")
	f.Add("m: {a: 1, b: 2}\n", "b")
	f.Add("m:\n  a: 1\n  b: \"two\n    lines\"\n", "b")
	f.Add("m:\n    a:\n      - 1\n    # tail", "new")
	f.Fuzz(func(t *testing.T, text, key string) {
		doc, top, err := yamledit.Parse([]byte(text))
		if err != nil {
			return
		}
		m := yamledit.Get(top, "m")
		value := &yaml.Node{}
		value.SetString("changed")
		if yamledit.Put(m, key, value) != nil {
			return
		}
		whole, err := yamledit.Format(doc)
		if err != nil {
			return
		}
		var want, got any
		if yaml.Unmarshal(whole, &want) != nil {
			return
		}
		spliced, err := yamledit.Splice([]byte(text), doc, key, "m")
		if err != nil {
			return
		}
		if err := yaml.Unmarshal(spliced, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q with %s gives %q: %v", text, key, spliced, err)
		}
	})
}
