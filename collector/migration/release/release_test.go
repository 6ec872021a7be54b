// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/migration/release"
)

var at = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

func TestListIsKeptAndReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	s := release.New(dir)
	if _, err := s.Get("erp"); !errors.Is(err, release.ErrNotFound) {
		t.Error(err)
	}
	list := release.List{Tool: "flyway", Files: []release.File{{Path: "V1__a.sql", Version: "1", Checksum: "7"}}}
	for i, step := range []struct {
		add  string
		news bool
	}{{"", true}, {"", false}, {"V2__b.sql", true}} {
		if step.add != "" {
			list.Files = append(list.Files, release.File{Path: step.add, Version: "2"})
		}
		news, err := s.Put("erp", list, at.Add(time.Duration(i)*time.Hour))
		if err != nil || news != step.news {
			t.Errorf("step %d: %v, %v", i, news, err)
		}
	}
	// Another process reads what is on the disk.
	p, err := release.New(dir).Get("erp")
	if err != nil || !p.Time.Equal(at.Add(2*time.Hour)) || p.Tool != "flyway" || len(p.Files) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	if !p.Files[0].Since.Equal(at) || !p.Files[1].Since.Equal(at.Add(2*time.Hour)) {
		t.Errorf("since when: %v, %v", p.Files[0].Since, p.Files[1].Since)
	}
	if err := s.Delete("erp"); err != nil {
		t.Error(err)
	}
	if err := s.Delete("erp"); !errors.Is(err, release.ErrNotFound) {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWrongListsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"": "the list is empty", "{}": "the list is empty", " \n\n": "the list is empty",
		`{"flies":[]}`:                            `unknown field "flies"`,
		`{"files":[{"path":"a"}]} x`:              "something follows it",
		`{"files":[{"path":""}]}`:                 "file 1: without a path",
		`{"files":[{"path":"a\u0007"}]}`:          "file 1: ",
		"a\xff.sql":                               "file 1: ",
		strings.Repeat("x", 2000):                 "at most 1024 bytes",
		strings.Repeat("a\n", release.MaxFiles+1): "more than 50000",
	} {
		if _, err := release.Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	s := release.New(t.TempDir())
	ok := release.List{Files: []release.File{{Path: "a"}}}
	for _, name := range []string{"", "../x", "a/b", ".new", strings.Repeat("a", 101)} {
		if _, err := s.Put(name, ok, at); err == nil {
			t.Errorf("%q is taken", name)
		}
		if _, err := s.Get(name); err == nil || errors.Is(err, release.ErrNotFound) {
			t.Errorf("%q is read: %v", name, err)
		}
	}
	if _, err := s.Put("erp", release.List{}, at); err == nil {
		t.Error("an empty list is taken")
	}
}

func TestNamesAlone(t *testing.T) {
	l, err := release.Decode([]byte("db/V1__a.sql\r\n\n ./V2__b.sql \n"))
	if err != nil || len(l.Files) != 2 || l.Files[0].Path != "db/V1__a.sql" || l.Files[1].Path != "./V2__b.sql" || l.Tool != "" {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestBrokenFileIsToldAndMended, and a link is not followed.
func TestBrokenFileIsToldAndMended(t *testing.T) {
	dir := t.TempDir()
	s := release.New(dir)
	if err := os.WriteFile(filepath.Join(dir, "erp.revisions"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.revisions")); err != nil {
		t.Fatal(err)
	}
	list := release.List{Files: []release.File{{Path: "a"}}}
	if _, err := s.Put("good", list, at); err != nil {
		t.Fatal(err)
	}
	all, err := s.All()
	if len(all) != 1 || all[0].Name != "good" || err == nil || !strings.Contains(err.Error(), "erp.revisions is broken") ||
		!strings.Contains(err.Error(), "link.revisions: not a small regular file") {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := s.Put("erp", list, at); err != nil {
		t.Error(err)
	}
	if _, err := s.Get("erp"); err != nil {
		t.Error(err)
	}
}

func TestListsAreBounded(t *testing.T) {
	s := release.New(t.TempDir())
	list := release.List{Files: []release.File{{Path: "a"}}}
	for i := range release.MaxLists {
		if _, err := s.Put(fmt.Sprint("l", i), list, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Put("one-more", list, at); !errors.Is(err, release.ErrTooMany) {
		t.Error(err)
	}
	if _, err := s.Put("l0", list, at); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}

// TestReadersSeeWholeLists while two write.
func TestReadersSeeWholeLists(t *testing.T) {
	dir := t.TempDir()
	s := release.New(dir)
	lists := []release.List{{}, {}}
	for i := range lists {
		for j := range 1000 * (i + 1) {
			lists[i].Files = append(lists[i].Files, release.File{Path: fmt.Sprint(j)})
		}
	}
	var wg sync.WaitGroup
	for _, l := range lists {
		wg.Go(func() {
			for range 10 {
				if _, err := s.Put("erp", l, at); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			p, err := release.New(dir).Get("erp")
			if err != nil && !errors.Is(err, release.ErrNotFound) || err == nil && len(p.Files) != 1000 && len(p.Files) != 2000 {
				t.Errorf("%d files, %v", len(p.Files), err)
			}
		}
	})
	wg.Wait()
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"tool":"flyway","files":[{"path":"V1__a.sql","version":"1","after":["0"],"since":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte("V1__a.sql\nV2__b.sql\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := release.Decode(text)
		if err != nil {
			return
		}
		s := release.New(t.TempDir())
		if _, err := s.Put("x", l, at); err != nil {
			t.Errorf("decoded and not kept: %v", err)
		}
		if p, err := s.Get("x"); err != nil || len(p.Files) != len(l.Files) {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
