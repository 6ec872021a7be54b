// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector/migration/release"
)

const lists = "/api/v1/revisions?name="

// startLists runs an exporter that takes lists, with histories that are compared with two of them.
func startLists(t *testing.T) (*running, string) {
	t.Helper()
	r, state := startRuns(t)
	r.write(oneServer + fmt.Sprintf("jobs: {state_dir: %q}\n", state) + "migrations:\n  histories:\n" +
		"    - {target: erp, schema: shop, tool: flyway, revisions: shop}\n    - {target: erp, schema: crm, tool: liquibase, revisions: crm}\n")
	if a := r.reloadByHTTP(); a.code != 200 {
		t.Fatal(a.body)
	}
	return r, state
}

func TestPushedListIsKeptAndForgotten(t *testing.T) {
	r, state := startLists(t)
	r.want("/api/v1/revisions", 200, `{"lists":[]}`)
	whole := `{"tool":"flyway","files":[{"path":"V1__a.sql","version":"1","checksum":"7"}]}`
	for i, step := range []struct {
		body string
		code int
		want string
	}{
		{"V1__a.sql\nV2__b.sql\n", 201, `{"recorded":true,"histories":["erp: shop of flyway"]}`},
		{"V1__a.sql\nV2__b.sql\n", 200, `{"recorded":false,`},
		{whole, 201, `{"recorded":true,`},
		{whole, 200, `{"recorded":false,`},
	} {
		if a := r.do(http.MethodPut, lists+"shop", step.body, bearer); a.code != step.code || !strings.Contains(a.body, step.want) {
			t.Errorf("step %d: status %d: %s", i, a.code, a.body)
		}
	}
	r.want("/api/v1/revisions", 200, `"name":"shop","tool":"flyway","files":1,"pushed":"`, `"histories":["erp: shop of flyway"]`)
	r.want(lists+"other", 200, `{"lists":[]}`)
	if p, err := release.New(state).Get("shop"); err != nil || p.Files[0].Checksum != "7" {
		t.Errorf("on the disk: %+v, %v", p, err)
	}
	// A list that nothing reads yet may come before the configuration.
	if a := r.do(http.MethodPut, lists+"next", "1_a.sql", bearer); a.code != 201 || !strings.Contains(a.body, `"histories":[]`) {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	for _, code := range []int{204, 404} {
		if a := r.do(http.MethodDelete, lists+"shop", "", bearer); a.code != code {
			t.Errorf("status %d, want %d: %s", a.code, code, a.body)
		}
	}
	writeFile(t, filepath.Join(state, "bad.revisions"), "{")
	r.want("/api/v1/revisions", 200, `"name":"next"`, `"warnings":["`, "bad.revisions")
}

func TestWrongListsAreRefusedAndSayWhy(t *testing.T) {
	r, state := startLists(t)
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"PUT", lists + "shop", "", 400, "the list is empty"},
		{"PUT", lists + "shop", `{"files":`, 400, "not the JSON of a list"},
		{"PUT", lists + "shop", "README.md\n", 400, "erp: shop of flyway: the list has no migration file of flyway"},
		{"PUT", lists + "shop", `{"tool":"goose","files":[{"path":"1_a.sql","version":"1"}]}`, 400, "the list is of goose, the history of flyway"},
		{"PUT", lists + "crm", "db/a.xml\n", 400, "erp: crm of liquibase: db/a.xml: the tool's versions are not in its files' names"},
		{"PUT", lists + "..%2Fshop", "V1__a.sql", 400, "name: "},
		{"PUT", "/api/v1/revisions", "V1__a.sql", 400, "name: "},
		{"PUT", "/api/v1/revisions?list=x", "V1__a.sql", 400, `unknown parameter \"list\"`},
		{"PUT", lists + "shop", strings.Repeat("x", release.MaxBytes+1), 413, "more than 8388608 bytes"},
		{"DELETE", lists + "..", "", 400, "name: "},
		{"GET", "/api/v1/revisions?x=1", "", 400, `unknown parameter \"x\"`},
		{"POST", lists + "shop", "V1__a.sql", 405, ""},
	} {
		if a := r.do(c.method, c.path, c.body, bearer); a.code != c.code || !strings.Contains(a.body, c.want) {
			t.Errorf("%s %s %.60q: status %d: %s", c.method, c.path, c.body, a.code, a.body)
		}
	}
	if left, err := os.ReadDir(state); !os.IsNotExist(err) && len(left) > 0 {
		t.Errorf("refused lists left %v", left)
	}
}

func TestListsAskForTheToken(t *testing.T) {
	r, state := startLists(t)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		for _, header := range []map[string]string{nil, {"Authorization": "Bearer wrong"}} {
			if a := r.do(method, lists+"shop", "V1__a.sql", header); a.code != 401 {
				t.Errorf("%s: status %d: %s", method, a.code, a.body)
			}
		}
	}
	if left, err := os.ReadDir(state); !os.IsNotExist(err) && len(left) > 0 {
		t.Errorf("something was written: %v", left)
	}
	off := start(t, oneServer, nil)
	if a := off.do(http.MethodPut, lists+"shop", "V1__a.sql", bearer); a.code != 403 {
		t.Errorf("status %d: %s", a.code, a.body)
	}
}

func TestListsAreBoundedWhileTheFolderIsStuck(t *testing.T) {
	r, _ := startLists(t)
	for range maxRunWrites {
		r.runWrites <- struct{}{}
	}
	if a := r.do(http.MethodPut, lists+"shop", "V1__a.sql", bearer); a.code != 503 {
		t.Errorf("status %d: %s", a.code, a.body)
	}
}
