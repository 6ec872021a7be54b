// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/history"
)

// TestOpenAPIDescribesEveryRoute: every route and field is described, and nothing
// else.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `yaml:"operationId"`
			Summary     string
			Responses   map[string]any
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
				Required   []string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(openAPIText), &document); err != nil {
		t.Fatal(err)
	}
	var described, served []string
	ids := map[string]bool{}
	for path, operations := range document.Paths {
		for method, o := range operations {
			described = append(described, strings.ToUpper(method)+" "+path)
			if o.Summary == "" || o.OperationID == "" || ids[o.OperationID] || len(o.Responses) == 0 {
				t.Errorf("%s %s: summary, unique operationId and responses are all needed", method, path)
			}
			ids[o.OperationID] = true
		}
	}
	for pattern := range New(Options{}).routes() {
		served = append(served, strings.TrimSuffix(pattern, "{$}"))
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("openapi.yaml has\n%s\nserved is\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
	for name, typ := range map[string]reflect.Type{"Episode": reflect.TypeFor[history.Episode](), "Request": reflect.TypeFor[request]()} {
		var fields []string
		for i := range typ.NumField() {
			tag, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			fields = append(fields, tag)
		}
		slices.Sort(fields)
		if known := slices.Sorted(maps.Keys(document.Components.Schemas[name].Properties)); !slices.Equal(known, fields) {
			t.Errorf("%s: described %v, is %v", name, known, fields)
		}
	}
}
