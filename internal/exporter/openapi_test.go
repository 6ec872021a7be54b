// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/collector/migration/release"
)

// apiDocument is what the tests read of openapi.yaml.
type apiDocument struct {
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

func readOpenAPI(t *testing.T) apiDocument {
	t.Helper()
	var doc apiDocument
	if err := yaml.Unmarshal([]byte(openAPIText), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every route is described, and nothing is described that is no route.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	doc := readOpenAPI(t)
	var described, served []string
	ids := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			described = append(described, strings.ToUpper(method)+" "+path)
			if o.Summary == "" || o.OperationID == "" || ids[o.OperationID] || len(o.Responses) == 0 {
				t.Errorf("%s %s: summary, unique operationId and responses are all needed", method, path)
			}
			ids[o.OperationID] = true
		}
	}
	for _, r := range start(t, oneServer, nil).routes() {
		served = append(served, r.method+" "+strings.TrimSuffix(r.path, "{$}"))
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("openapi.yaml has\n%s\nserved is\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
}

// The fields of the JSON are those that are described.
func TestOpenAPIDescribesEveryField(t *testing.T) {
	doc := readOpenAPI(t)
	for name, typ := range map[string]reflect.Type{
		"Run": reflect.TypeFor[job.Run](), "Task": reflect.TypeFor[job.Task](), "RevisionSummary": reflect.TypeFor[revisionSummary](),
		"RevisionList": reflect.TypeFor[release.List](), "RevisionFile": reflect.TypeFor[release.File](),
	} {
		var fields, required []string
		for i := range typ.NumField() {
			tag, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "Task" && (tag == "ended" || tag == "seen") {
				continue // the store's own
			}
			fields = append(fields, tag)
			if options == "" {
				required = append(required, tag)
			}
		}
		slices.Sort(fields)
		if described := slices.Sorted(maps.Keys(doc.Components.Schemas[name].Properties)); !slices.Equal(described, fields) {
			t.Errorf("%s: described %v, is %v", name, described, fields)
		}
		if described := doc.Components.Schemas[name].Required; !slices.Equal(described, required) {
			t.Errorf("%s: required %v, is %v", name, described, required)
		}
	}
}

// Whatever status a request brings is among those that are described.
func TestOpenAPIDescribesEveryStatus(t *testing.T) {
	doc := readOpenAPI(t)
	r, _ := startRuns(t)
	check := func(method, path, body string, header map[string]string) {
		t.Helper()
		a := r.do(method, path, body, header)
		plain, _, _ := strings.Cut(path, "?")
		if _, ok := doc.Paths[plain][strings.ToLower(method)].Responses[strconv.Itoa(a.code)]; !ok {
			t.Errorf("%s %s: status %d is not described", method, path, a.code)
		}
	}
	for path, operations := range doc.Paths {
		for method := range operations {
			for _, query := range []string{"", "?collect[]=nope", "?target=erp", "?run_type=a&task=b", "?x=y", "?name=erp"} {
				for _, body := range []string{"", "{}", runJSON(nil), "V1__a.sql", strings.Repeat(" ", 70<<10)} {
					check(strings.ToUpper(method), path+query, body, nil)
					check(strings.ToUpper(method), path+query, body, bearer)
				}
			}
		}
	}
	r.write("nonsense")
	check(http.MethodPost, "/-/reload", "", nil)
}
