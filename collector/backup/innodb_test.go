// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// datafiles copies the tablespaces of a server that was shut down in order.
func datafiles(t *testing.T, s *testenv.Server) map[string][]byte {
	t.Helper()
	schema := erp(t, s)
	s.Exec(t,
		"CREATE TABLE "+schema+".compressed (a INT PRIMARY KEY, b TEXT) ROW_FORMAT=COMPRESSED",
		"INSERT INTO "+schema+".compressed VALUES (1, REPEAT('x', 1000))")
	if err := s.Restart(t.Context()); err != nil { // all pages are written
		t.Fatal(err)
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(s.DataDir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !hasPages(path) {
			return err
		}
		files[strings.TrimPrefix(path, s.DataDir()+"/")], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPagesOfRealServers(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, s *testenv.Server) {
		files := datafiles(t, s)
		checked := int64(0)
		for name, text := range files {
			p := newPages(name)
			_, _ = p.Write(text)
			if err := p.damage(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !p.verified() && !strings.HasSuffix(name, "compressed.ibd") {
				t.Errorf("%s: not verified: %d good, %d bad, unknown %v", name, p.good, p.bad, p.unknown)
			}
			checked += p.good
			if strings.HasSuffix(name, "invoice.ibd") {
				text[len(text)/2+3000] ^= 0x20
				p := newPages(name)
				for len(text) > 0 { // in pieces of any size
					n := min(len(text), 10_007)
					_, _ = p.Write(text[:n])
					text = text[n:]
				}
				if p.damage() == nil || p.bad != 1 {
					t.Errorf("a changed bit in %s goes unnoticed: %d bad", name, p.bad)
				}
			}
		}
		if checked < 500 {
			t.Errorf("only %d pages in %d files", checked, len(files))
		}
		if s.Kind() == sandbox.MariaDB && len(files) < 3 {
			t.Errorf("files %d", len(files))
		}
	})
}

func TestChangedBitInARealFolderIsFoundByItsPages(t *testing.T) {
	dir := chainOf(t, withBinlog(t))
	var now clock
	now.advance(hour)
	source := physicalSource(&now, dir+"/*")
	source.again = 24 * hour
	run := wantStatus(t, judged(t, source), "3-inc", Success)
	if run.Level != Checksum {
		t.Errorf("verified to %v only", run.Level)
	}
	remove(t, dir+"/3-inc")
	remove(t, dir+"/2-inc")
	run = wantStatus(t, judged(t, source), "1-full", Success)
	if run.Level != Checksum {
		t.Errorf("verified to %v only", run.Level)
	}
	damage(t, dir+"/1-full/ibdata1")
	now.advance(25 * hour)
	run = wantStatus(t, judged(t, source), "1-full", Failed)
	if !strings.Contains(run.Evidence, "ibdata1 is damaged: the checksum of page") {
		t.Errorf("evidence %s", run.Evidence)
	}
}

func FuzzPages(f *testing.F) {
	f.Add(make([]byte, 3*usualPage), "t.ibd")
	f.Add(append([]byte("xtra\x00\x00\x00\x01\xff\xff\xff\xff"), make([]byte, 2*usualPage)...), "t.ibd.delta")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		p := newPages(name)
		_, _ = p.Write(text)
		if p.damage() != nil && p.verified() {
			t.Error("both verified and damaged")
		}
	})
}
