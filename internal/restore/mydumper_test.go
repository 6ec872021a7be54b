// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMydumper(t *testing.T) {
	s := testenv.SharedMariaDB(t)
	schema, dir := company(t, s), folder(t)
	admin := s.AdminConfig()
	program := testenv.Tool(t, sandbox.Tools, "mydumper")
	dump := func(name string, args ...string) string {
		output(t, program, nil, append([]string{"-u", admin.User, "-p", admin.Passwd, "-S", admin.Addr, "-B", schema,
			"-o", filepath.Join(dir, name), "-r", "20", "--triggers", "--routines", "--events"}, args...)...)
		return filepath.Join(dir, name)
	}
	options := Options{Method: "mydumper", Live: liveServer(t, s)}
	t.Run("good", func(t *testing.T) {
		v, err := tested(t, options, dump("good", "-c"), "")
		wantRestorable(t, v, err)
		if v.Tables != 3 || v.Rows != 3+81 {
			t.Errorf("got %+v", v)
		}
	})
	t.Run("lost rows and a dropped table", func(t *testing.T) {
		bad := dump("bad")
		chunks, err := filepath.Glob(bad + "/" + schema + ".invoice.*.sql")
		if err != nil || len(chunks) < 2 {
			t.Fatal(chunks, err)
		}
		gone, err := filepath.Glob(bad + "/" + schema + ".audit*")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range append(gone, chunks[0]) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		v, err := tested(t, options, bad, "")
		wantProblem(t, v, err, RowsDiffer, schema+".invoice", "81")
		wantProblem(t, v, err, TableMissing, schema+".audit")
	})
	t.Run("without a live server its version is not known", func(t *testing.T) {
		_, err := tested(t, Options{Method: "mydumper"}, dir+"/good", "")
		if err == nil || !strings.Contains(err.Error(), "--live") || !strings.Contains(err.Error(), "--mysqld") {
			t.Errorf("got %v", err)
		}
	})
}

func TestMydumperMetadataOfNewVersions(t *testing.T) {
	m := &mydumper{promise: map[table]int64{}}
	m.readMetadata([]byte("# Started dump at: 2026-11-24 02:00:00\n[config]\nquote-character = BACKTICK\n\n[source]\n# executed_gtid_set = \"\"\n\n" +
		"[`erp`.`invoice`]\nreal_table_name=invoice\nrows = 42\n\n[`erp`.`a``b`]\nRows = 7\n# Finished dump at: 2026-11-24 02:01:00\n"))
	if len(m.promise) != 2 || m.promise[table{"erp", "invoice"}] != 42 || m.promise[table{"erp", "a`b"}] != 7 {
		t.Errorf("got %v", m.promise)
	}
}
