// SPDX-License-Identifier: Apache-2.0

//go:build unix

package apply_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/apply"
)

func mustWrite(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// holds checks a file's text and mode; no text means no file.
func holds(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if text == "" {
		if !os.IsNotExist(err) {
			t.Errorf("%s is there: %v %q", path, err, got)
		}
		return
	}
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || string(got) != text || info.Mode().Perm() != mode {
		t.Errorf("%s: %v, %q, mode %v, want %q, %v", path, errors.Join(err, statErr), got, info.Mode().Perm(), text, mode)
	}
}

func TestWhatIsRefusedComesBack(t *testing.T) {
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		reload, confirm error
		kept            bool
	}{
		"taken":         {kept: true},
		"not reloaded":  {reload: refused},
		"not confirmed": {confirm: refused},
		"by hand":       {reload: apply.ErrByHand, kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "sub/fresh")
			mustWrite(t, old, "before", 0o640)
			reloads := 0
			err := apply.Change{
				Files: []apply.File{{Path: old, Text: []byte("after"), Mode: 0o644}, {Path: fresh, Text: []byte("new"), Mode: 0o600}},
				Reload: func(context.Context) error {
					if reloads++; reloads > 1 {
						holds(t, old, "before", 0o640) // it reads what is back
						return nil
					}
					return test.reload
				},
				Confirm: func(context.Context) error { return test.confirm },
			}.Apply(t.Context())
			if want := errors.Join(test.reload, test.confirm); (err == nil) != (want == nil) || want != nil && !errors.Is(err, refused) && !errors.Is(err, apply.ErrByHand) {
				t.Errorf("%v, want %v", err, want)
			}
			if test.kept {
				holds(t, old, "after", 0o640)
				holds(t, fresh, "new", 0o600)
				return
			}
			holds(t, old, "before", 0o640)
			holds(t, fresh, "", 0)
			if reloads != 2 {
				t.Errorf("%d reloads: the server must read the old files again", reloads)
			}
		})
	}
}

// A file that begins to hold a secret is no longer for everybody.
func TestPrivateFilesBecomePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	mustWrite(t, path, "public", 0o644)
	if err := (apply.Change{Files: []apply.File{{Path: path, Text: []byte("secret"), Mode: 0o600}}}).Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "secret", 0o600)
}

func TestAFileThatCannotBeWrittenTakesTheOthersBack(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "first")
	mustWrite(t, first, "before", 0o600)
	err := apply.Change{Files: []apply.File{
		{Path: first, Text: []byte("after"), Mode: 0o600}, {Path: filepath.Join(first, "below a file"), Mode: 0o600},
	}}.Apply(t.Context())
	if err == nil {
		t.Error("no error")
	}
	holds(t, first, "before", 0o600)
}

func TestOneWriterAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	unlock, err := apply.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := apply.Lock(impatient, path); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("a second lock: %v", err)
	}
	unlock()
	unlock, err = apply.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestReload(t *testing.T) {
	for _, test := range []struct {
		code       int
		said, want string
	}{
		{http.StatusOK, "", ""},
		{http.StatusForbidden, "Lifecycle API is not enabled.", apply.ErrByHand.Error()},
		{http.StatusForbidden, "go away", "403 Forbidden: go away"},
		{http.StatusInternalServerError, "failed to reload config: x", "failed to reload config: x"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/prefix/-/reload" {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			http.Error(w, test.said, test.code)
		}))
		base, err := url.Parse(server.URL + "/prefix")
		if err != nil {
			t.Fatal(err)
		}
		err = apply.ReloadURL(server.Client(), base)(t.Context())
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d %s: %v, want %q", test.code, test.said, err, test.want)
		}
		server.Close()
	}
}
