// SPDX-License-Identifier: Apache-2.0

package dash

import (
	"bytes"
	"strings"
	"testing"
)

// TestRoundTrip: what is read is what was written, and written again it is the
// same bytes.
func TestRoundTrip(t *testing.T) {
	source := Prometheus()
	board := Dashboard{
		UID:        "dbsync-test",
		Templating: Templating{List: []Variable{DataSourceVariable("Data source"), LabelVariable("job", "Job", "label_values(up, job)")}},
		Panels: []Panel{
			{ID: 1, Type: "row", Title: "Row", Collapsed: true, Panels: []Panel{
				{ID: 2, Type: "stat", Datasource: &source, Targets: []Target{{RefID: "A", Expr: `a > 1 and b < 2`}}},
			}},
		},
	}
	first, err := board.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(first, []byte("a > 1 and b < 2")) {
		t.Error("the query is escaped: nobody can read it in a diff")
	}
	read, err := Decode(first)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := read.Encode(); err != nil || !bytes.Equal(first, second) {
		t.Errorf("second encoding differs (%v):\n%s", err, second)
	}
	if all := read.AllPanels(); len(all) != 2 || all[1].ID != 2 {
		t.Errorf("AllPanels gave %d panels, want the row and the one inside", len(all))
	}
}

func TestDecodeRefusesWhatTheGeneratorCannotWrite(t *testing.T) {
	_, err := Decode([]byte(`{"uid": "dbsync-test", "__inputs": []}`))
	if err == nil || !strings.Contains(err.Error(), "__inputs") {
		t.Errorf("error %v, want one that names __inputs", err)
	}
}
