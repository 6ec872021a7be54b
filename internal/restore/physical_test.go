// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// chainOf makes a full backup and two on top of it, each after a change.
func chainOf(t *testing.T, s *testenv.Server, schema string) (dir string) {
	t.Helper()
	dir = folder(t)
	program := testenv.Tool(t, sandbox.Tools, "mariadb-backup")
	first := []string{"--defaults-file=" + loginFile(t, s), "--backup", "--datadir=" + s.DataDir()}
	s.Exec(t, "SET GLOBAL innodb_log_checkpoint_now=ON") // else new tables are copied under other names
	output(t, program, nil, append(first, "--target-dir="+dir+"/1-full")...)
	for _, step := range [][2]string{{"1-full", "2-inc"}, {"2-inc", "3-inc"}} {
		s.Exec(t, "INSERT INTO "+schema+".audit (what) VALUES ('"+step[1]+"')", "SET GLOBAL innodb_log_checkpoint_now=ON")
		output(t, program, nil, append(first, "--target-dir="+dir+"/"+step[1], "--incremental-basedir="+dir+"/"+step[0])...)
	}
	return dir
}

func TestPhysicalChain(t *testing.T) {
	s := testenv.MariaDB(t) // alone, so that it is small
	schema := company(t, s)
	dir := chainOf(t, s, schema)
	options := Options{Method: "mariadb-backup", Live: liveServer(t, s), Checks: []Check{{"SELECT what FROM audit ORDER BY what DESC LIMIT 1", "3-inc"}}}

	t.Run("good", func(t *testing.T) {
		v, err := tested(t, options, dir+"/*", "")
		wantRestorable(t, v, err)
		if len(v.Restored) != 3 || filepath.Base(v.Restored[0]) != "1-full" || v.Tables != 3 || v.Rows != 3+81+2 {
			t.Errorf("got %+v", v)
		}
	})
	t.Run("older than the live server", func(t *testing.T) {
		s.Exec(t, "INSERT INTO "+schema+".customer (name) VALUES ('new')", "CREATE TABLE "+schema+".since (i INT)")
		v, err := tested(t, options, dir+"/*", "1-full")
		wantProblem(t, v, err, RowsDiffer, schema+".audit", "0 rows", "has 2")
		wantProblem(t, v, err, RowsDiffer, schema+".customer", "3 rows", "has 4")
		wantProblem(t, v, err, CheckFailed, "gives no row")
		if len(v.Problems) != 3 { // the new table is none
			t.Errorf("problems %+v", v.Problems)
		}
	})
	t.Run("a table is gone", func(t *testing.T) {
		for _, file := range []string{"invoice.ibd", "invoice.frm"} {
			if err := os.Remove(filepath.Join(dir, "1-full", schema, file)); err != nil {
				t.Fatal(err)
			}
		}
		v, err := tested(t, options, dir+"/*", "1-full")
		wantProblem(t, v, err, TableMissing, schema+".invoice")
	})
	t.Run("its files are damaged", func(t *testing.T) {
		path := filepath.Join(dir, "1-full", "ibdata1")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, append(make([]byte, 256<<10), text[256<<10:]...))
		v, err := tested(t, options, dir+"/*", "1-full")
		wantProblem(t, v, err, NotRestored, "mariadb-backup")
	})
	t.Run("a stream", func(t *testing.T) {
		program := testenv.Tool(t, sandbox.Tools, "mariadb-backup")
		packer, err := sandbox.Find(sandbox.Old, "zstd")
		stream := output(t, program, nil, "--defaults-file="+loginFile(t, s), "--backup", "--datadir="+s.DataDir(), "--stream=xbstream", "--target-dir="+t.TempDir())
		path := write(t, filepath.Join(folder(t), "full.xb.zst"), output(t, testenv.Require(t, packer, err), stream, "-c", "-1"))
		v, err := tested(t, Options{Method: "mariadb-backup", Live: liveServer(t, s)}, path, path)
		wantRestorable(t, v, err)
		if v.Tables != 4 {
			t.Errorf("got %+v", v)
		}
	})
	t.Run("a link is gone", func(t *testing.T) {
		if err := os.RemoveAll(dir + "/2-inc"); err != nil {
			t.Fatal(err)
		}
		_, err := tested(t, options, dir+"/*", "")
		if err == nil || !strings.Contains(err.Error(), backup.ErrChainBroken.Error()) {
			t.Errorf("got %v", err)
		}
	})
}
