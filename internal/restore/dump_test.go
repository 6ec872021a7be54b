// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"bytes"
	"compress/gzip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestDumps(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
		schema := company(t, s)
		live := liveServer(t, s)
		good := dumpOf(t, s, "--single-transaction", "--routines", "--events", schema)
		dir := folder(t)
		test := func(t *testing.T, content []byte, o Options) (Verdict, error) {
			o.Method = "mysqldump"
			path := write(t, filepath.Join(dir, "nightly.sql"), content)
			return tested(t, o, path, path)
		}
		t.Run("good", func(t *testing.T) {
			v, err := test(t, good, Options{Live: live, Checks: []Check{{"SELECT COUNT(*) FROM customer", "3"}}})
			wantRestorable(t, v, err)
			if v.Tables != 3 || v.Rows != 3+81 || v.Checks != 1 || v.Bytes == 0 || !strings.Contains(v.Server, ".") {
				t.Errorf("got %+v", v)
			}
		})
		t.Run("wrong", func(t *testing.T) { // all that can be wrong at once, for the sake of time
			without := regexp.MustCompile("(?s)CREATE TABLE `audit`.*?;\n").ReplaceAll(good, nil)
			without = regexp.MustCompile("(?s)(LOCK TABLES `audit`|/\\*!40000 ALTER TABLE `audit`)[^\n]*\n").ReplaceAll(without, nil)
			without = regexp.MustCompile("(?m)^INSERT INTO `invoice` VALUES \\(1,.*?\\),").ReplaceAll(without, []byte("INSERT INTO `invoice` VALUES "))
			without = regexp.MustCompile("(?s)INSERT INTO `invoice` VALUES\n\\(1,.*?\\),\n").ReplaceAll(without, []byte("INSERT INTO `invoice` VALUES\n"))
			v, err := test(t, without, Options{Live: live, Tolerance: 0.001, Checks: []Check{
				{"SELECT COUNT(*) FROM customer", "4"}, {"SELECT * FROM nothing", "1"}, {"SELECT id FROM customer", "1"},
			}})
			wantProblem(t, v, err, TableMissing, schema+".audit")
			wantProblem(t, v, err, RowsDiffer, schema+".invoice", "80", "81")
			wantProblem(t, v, err, CheckFailed, "SELECT COUNT(*) FROM customer", `"3"`, `"4"`)
			wantProblem(t, v, err, CheckFailed, "nothing", "1146")
			wantProblem(t, v, err, CheckFailed, "more than one row")
			if len(v.Problems) != 5 || v.Values()["failed_checks"] != 3 {
				t.Errorf("problems %+v", v.Problems)
			}
		})
		t.Run("truncated", func(t *testing.T) {
			path := old(t, write(t, filepath.Join(dir, "cut.sql"), good[:len(good)*2/3]))
			v, err := tested(t, Options{Method: "mysqldump"}, path, path)
			wantProblem(t, v, err, NotWhole, "last line is missing")
		})
		t.Run("damaged", func(t *testing.T) {
			v, err := test(t, bytes.Replace(good, []byte("'"+secret+"'"), []byte("'"+secret+"','"+secret+"'"), 1), Options{})
			wantProblem(t, v, err, NotRestored, "1136", "nightly.sql, line")
		})
	})
}

func TestDumpOfAllSchemasWithItsAccounts(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, s *testenv.Server) {
		schema := company(t, s)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(dumpOf(t, s, "--all-databases", "--flush-privileges")); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		path := write(t, filepath.Join(folder(t), "all.sql.gz"), packed.Bytes())
		s.Exec(t, "INSERT INTO "+schema+".audit (what) VALUES ('since')")
		v, err := tested(t, Options{Method: "mysqldump", Live: liveServer(t, s), Tolerance: 0.05}, path, "")
		wantProblem(t, v, err, RowsDiffer, schema+".audit", "0 rows", "has 1")
		if len(v.Problems) != 1 {
			t.Errorf("problems %+v", v.Problems)
		}
	})
}

func TestCompressions(t *testing.T) {
	s := testenv.SharedMariaDB(t)
	schema := company(t, s)
	dump := dumpOf(t, s, "--databases", schema)
	dir := folder(t)
	for suffix, name := range map[string]string{".zst": "zstd", ".xz": "xz", ".lz4": "lz4"} {
		t.Run(name, func(t *testing.T) {
			program, err := sandbox.Find(sandbox.Old, name)
			packed := output(t, testenv.Require(t, program, err), dump, "-c", "-1")
			path := write(t, filepath.Join(dir, "nightly.sql"+suffix), packed)
			v, err := tested(t, Options{Method: "mysqldump"}, path, "")
			wantRestorable(t, v, err)
			cut := old(t, write(t, filepath.Join(dir, "cut.sql"+suffix), packed[:len(packed)/2]))
			v, err = tested(t, Options{Method: "mysqldump"}, cut, "")
			wantProblem(t, v, err, NotWhole, "ends early")
		})
	}
}

func TestServerOfAnotherSeriesIsNamed(t *testing.T) {
	path := write(t, filepath.Join(folder(t), "old.sql"),
		[]byte("-- MariaDB dump 10.19\n-- Host: a    Database: erp\n-- Server version\t5.5.68-MariaDB\n\n-- Dump completed\n"))
	_, err := tested(t, Options{Method: "mysqldump"}, path, "")
	if err == nil || !strings.Contains(err.Error(), "MariaDB 5.5") || !strings.Contains(err.Error(), "--mysqld") {
		t.Errorf("got %v", err)
	}
	path = write(t, filepath.Join(folder(t), "bare.sql"), []byte("SELECT 1;\n-- Dump completed\n"))
	_, err = tested(t, Options{Method: "mysqldump"}, path, "")
	if err == nil || !strings.Contains(err.Error(), "does not say which server") {
		t.Errorf("got %v", err)
	}
	_, err = tested(t, Options{Method: "mysqldump", Mysqld: "/nonexistent/mysqld"}, path, "")
	if err == nil || !strings.Contains(err.Error(), "--mysqld") {
		t.Errorf("got %v", err)
	}
}

func TestHostileDumpReachesNothing(t *testing.T) {
	s := testenv.SharedMariaDB(t)
	dir := folder(t)
	for _, statement := range []string{
		`\! touch ` + dir + "/shell", "system touch " + dir + "/shell", "source /etc/passwd",
		"SELECT 1 INTO OUTFILE '" + dir + "/shell'", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE mysql.help_topic",
		"INSTALL SONAME 'ha_federatedx'",
	} {
		text := "-- MariaDB dump 10.19\n-- Host: a    Database: erp\n-- Server version\t" + s.Version() + "\n\n" +
			"CHANGE MASTER TO MASTER_HOST='198.51.100.1';\nSTART SLAVE;\nCREATE TABLE t (i INT);\n" + statement + ";\n-- Dump completed\n"
		path := write(t, filepath.Join(dir, "hostile.sql"), []byte(text))
		v, err := tested(t, Options{Method: "mysqldump"}, path, path)
		wantProblem(t, v, err, NotRestored, "hostile.sql, line 8")
		if left, _ := filepath.Glob(dir + "/shell"); len(left) > 0 {
			t.Errorf("%s did it", statement)
		}
	}
}
