// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector/migration/release"
)

func TestRevisionsOfAFolder(t *testing.T) {
	state, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "V1__a.sql"), []byte("123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := call("migration", "revisions", "--name", "erp", "--tool", "flyway", "--from-dir", folder, "--state-dir", state)
	if code != exitOK || !strings.Contains(stdout, "erp: 1 migration files") {
		t.Fatalf("exit code %d, %q, %q", code, stdout, stderr)
	}
	p, err := release.New(state).Get("erp")
	if err != nil || p.Tool != "flyway" || len(p.Files) != 1 || p.Files[0].Version != "1" || p.Files[0].Checksum != "-873187034" {
		t.Errorf("%+v, %v", p, err)
	}
}

// exporterOf answers as the exporter does, and keeps what was sent.
func exporterOf(t *testing.T, answers ...int) (url string, requests *[]*http.Request, bodies *[]string) {
	t.Helper()
	requests, bodies = &[]*http.Request{}, &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		code := answers[min(len(*requests), len(answers)-1)]
		*requests, *bodies = append(*requests, r), append(*bodies, string(text))
		w.WriteHeader(code)
		if code/100 == 2 {
			_, _ = io.WriteString(w, `{"recorded":true,"histories":["erp: shop of flyway"]}`)
		} else {
			_, _ = io.WriteString(w, `{"error":"the reason"}`)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, requests, bodies
}

func TestRevisionsArePushedWithTheToken(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret-s3cret-s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url, requests, bodies := exporterOf(t, 503, 201)
	var out, err bytes.Buffer
	code := run([]string{"migration", "revisions", "--name", "erp", "--stdin", "--push", strings.Replace(url, "://", "://user:word@", 1), "--push.token-file", token},
		stdio{strings.NewReader("V1__a.sql\nV2__b.sql\n"), &out, &err})
	if code != exitOK || !strings.Contains(out.String(), "erp: 2 migration files for erp: shop of flyway") {
		t.Fatalf("exit code %d, %q, %q", code, out.String(), err.String())
	}
	r := (*requests)[len(*requests)-1]
	user, password, _ := r.BasicAuth()
	if len(*requests) != 2 || r.Method != http.MethodPut || r.URL.String() != "/api/v1/revisions?name=erp" || user != "user" || password != "word" ||
		r.Header.Get("X-Dbsync-Token") != "s3cret-s3cret-s3cret" {
		t.Errorf("%d requests, %s %s, %v", len(*requests), r.Method, r.URL, r.Header)
	}
	var l release.List
	if err := json.Unmarshal([]byte((*bodies)[1]), &l); err != nil || len(l.Files) != 2 || l.Files[1].Path != "V2__b.sql" {
		t.Errorf("%s, %v", (*bodies)[1], err)
	}
}

func TestWhatIsWrongWithRevisionsIsSaid(t *testing.T) {
	empty := t.TempDir()
	url, requests, _ := exporterOf(t, 401)
	t.Setenv("DBSYNC_RUN_TOKEN", "s3cret-s3cret-s3cret")
	for want, args := range map[string][]string{
		"give --from-dir or --stdin":             {"--name", "erp"},
		"--from-dir needs --tool":                {"--name", "erp", "--from-dir", empty},
		"letters, digits, dots":                  {"--name", "../erp", "--stdin"},
		`files of "flyaway" cannot be read`:      {"--name", "erp", "--tool", "flyaway", "--from-dir", empty},
		"has no migration file of flyway":        {"--name", "erp", "--tool", "flyway", "--from-dir", empty},
		"the list is empty":                      {"--name", "erp", "--stdin", "--state-dir", empty},
		"answers 401 Unauthorized: the reason":   {"--name", "erp", "--stdin", "--push", url},
		"--push.token-file: open nowhere: no su": {"--name", "erp", "--stdin", "--push", url, "--push.token-file", "nowhere"},
	} {
		var out, err bytes.Buffer
		in := "V1__a.sql"
		if want == "the list is empty" {
			in = ""
		}
		code := run(append([]string{"migration", "revisions"}, args...), stdio{strings.NewReader(in), &out, &err})
		if code == exitOK || !strings.Contains(err.String(), want) || strings.Contains(err.String(), "s3cret") {
			t.Errorf("%q: exit code %d, %q, want %q", args, code, err.String(), want)
		}
	}
	if len(*requests) != 1 {
		t.Errorf("%d requests: what is refused is not tried again", len(*requests))
	}
}
