// SPDX-License-Identifier: Apache-2.0

package alertmanager

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/easy-erp/dbsync/internal/render"
)

// The committed file and the committed values say the same, so that neither can
// be changed alone.
func TestCommittedFilesAreWhatTheValuesGive(t *testing.T) {
	values, err := render.Load(ValuesName)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	out, err := render.AlertmanagerConfig(source, values)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Notes) > 0 {
		t.Errorf("something drops out: %q", out.Notes)
	}
	want := map[string][]byte{ConfigName: out.Text}
	for name, text := range out.Templates {
		want[filepath.Join("templates", name)] = text
	}
	for path, text := range want {
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(committed, text) {
			continue
		}
		if !*update {
			t.Errorf("%s differs from what %s gives; run `go test ./alertmanager -update` and look at the change", path, ValuesName)
			continue
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
