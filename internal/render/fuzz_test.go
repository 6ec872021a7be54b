// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"testing"

	"github.com/prometheus/alertmanager/template"
)

// FuzzValues renders whatever parses: it fails with a reason, or gives what
// Alertmanager accepts, which it checks itself, and templates that parse. Secrets that files hold are read only for old versions,
// so that the newest is asked for.
func FuzzValues(f *testing.F) {
	f.Add(everything)
	f.Add(people)
	f.Add(`alertmanager: {receivers: {a: {webhook: {url: "http://{{ .x }}/"}}}}`)
	f.Add(`alertmanager: {oncall_url: "{{", receivers: {a: {slack: {url: "::"}}}}`)
	f.Add(`alertmanager: {rows: [{severity: critical, match: ['a=~"("'], told: [a]}], receivers: {a: {teams: {url: "http://x"}}}}`)
	source := mustCommitted(f)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse([]byte(text))
		if err != nil {
			t.Skip(err)
		}
		v.Alertmanager.Version = "0.99"
		out, err := AlertmanagerConfig(source, v)
		if err != nil {
			t.Skip(err)
		}
		for name, text := range out.Templates {
			parsed, err := template.New()
			if err != nil {
				t.Fatal(err)
			}
			if err := parsed.Parse(bytes.NewReader(text)); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	})
}
