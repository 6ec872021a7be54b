// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

var update = flag.Bool("update", false, "rewrite testdata/damages.md")

// specimen is a real backup, and the method that watches it.
type specimen struct {
	name   string
	method method
	make   func(path string) // a file or a folder
	folder bool
}

// damages are what can become of a backup. A folder's damage is done to its largest
// file.
func damages() map[string]func(text []byte) []byte {
	return map[string]func([]byte) []byte{
		"emptied":         func([]byte) []byte { return nil },
		"cut in half":     func(b []byte) []byte { return b[:len(b)/2] },
		"last byte cut":   func(b []byte) []byte { return b[:len(b)-1] },
		"last 5 % cut":    func(b []byte) []byte { return b[:len(b)*95/100/16384*16384] },
		"one bit flipped": func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
	}
}

// specimens are made anew of a real server, each by its own tool.
func specimens(t *testing.T, s *testenv.Server) []specimen {
	schema := erp(t, s)
	dump := output(t, dumper(t, s, "--master-data=2", schema), nil)
	stream := output(t, mariadbBackupCommand(t, s, "--stream=xbstream"), nil)
	compress := compressors(t)
	file := func(name string, m method, text []byte) specimen {
		return specimen{name, m, func(path string) { write(t, path, text, hour) }, false}
	}
	var all []specimen
	for _, suffix := range []string{".sql", ".sql.gz", ".sql.zst", ".sql.lz4", ".sql.xz"} {
		all = append(all, file("mariadb-dump "+suffix, mysqldump(), compress[suffix](dump)))
	}
	return append(all,
		specimen{"mydumper", mydumper(), func(path string) { output(t, mydumperCommand(t, s, schema, path), nil) }, true},
		specimen{"mydumper --compress", mydumper(), func(path string) { output(t, mydumperCommand(t, s, schema, path, "-c"), nil) }, true},
		specimen{"mariadb-backup", mariadbBackup(), func(path string) {
			output(t, mariadbBackupCommand(t, s, "--target-dir="+path), nil)
		}, true},
		file("mariadb-backup --stream", mariadbBackup(), stream),
		file("mariadb-backup --stream, gzip", mariadbBackup(), compress[".sql.gz"](stream)),
		specimen{"any file, with its sha256", plainFiles(), func(path string) {
			write(t, path, dump, hour)
			sum := testenv.Tool(t, sandbox.Old, "sha256sum")
			write(t, path+".sha256", output(t, command(t, sum, path), nil), hour)
		}, false},
	)
}

// largest is the largest file of a folder.
func largest(t *testing.T, dir string) string {
	t.Helper()
	files, err := folders{}.tree(t.Context(), dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	return slices.MaxFunc(files, func(a, b file) int { return int(a.size - b.size) }).path
}

// caught says how far a backup must be checked for its damage to be seen.
func caught(t *testing.T, m method, path string) string {
	t.Helper()
	now := new(clock)
	now.advance(hour)
	source := fileSourceOf(m, now, Backup{Name: "n", Path: path, Trailer: true, VerifyLevel: Checksum})
	status := func() Status { return runsOf(t, source)[0].Status }
	if s := status(); s.Ended() && s != Success {
		return "complete"
	}
	for range 3 {
		if _, err := source.readNext(t.Context(), func(_, _ int64) {}); err != nil {
			t.Fatal(err)
		}
	}
	run := runsOf(t, source)[0]
	switch {
	case run.Status == Success:
		return "-"
	case strings.Contains(run.Evidence, "page ") || strings.Contains(run.Evidence, "pages") || strings.Contains(run.Evidence, "beside it") || strings.Contains(run.Evidence, "valid xbstream"):
		return "checksum"
	}
	return "stream"
}

func TestWhatEachLevelCatches(t *testing.T) {
	s := withBinlog(t)
	all := slices.Sorted(func(yield func(string) bool) {
		for name := range damages() {
			if !yield(name) {
				return
			}
		}
	})
	var table bytes.Buffer
	fmt.Fprintf(&table, "| backup | whole | %s |\n|---|---|%s\n", strings.Join(all, " | "), strings.Repeat("---|", len(all)))
	for _, one := range specimens(t, s) {
		dir := t.TempDir()
		good := filepath.Join(dir, "good")
		one.make(good)
		row := []string{one.name, caught(t, one.method, good)}
		if row[1] != "-" {
			t.Errorf("%s: the good one is taken for a bad one", one.name)
		}
		for i, name := range all {
			bad := filepath.Join(dir, fmt.Sprint("bad", i))
			output(t, exec.Command("cp", "-a", good, bad), nil)
			if sum := good + ".sha256"; fileExists(sum) {
				output(t, exec.Command("cp", sum, bad+".sha256"), nil)
			}
			victim := bad
			if one.folder {
				victim = largest(t, bad)
			}
			text, err := os.ReadFile(victim)
			if err != nil {
				t.Fatal(err)
			}
			write(t, victim, damages()[name](text), hour)
			row = append(row, caught(t, one.method, bad))
		}
		fmt.Fprintf(&table, "| %s |\n", strings.Join(row, " | "))
	}
	const golden = "testdata/damages.md"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(want, table.Bytes()) {
		t.Errorf("%v; what is caught has changed, see it and run this test with -update:\n%s", err, table.String())
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// A dump that lacks what its account may not see is whole by every sign but one.
func TestDumpWithoutGrantsIsSeenByItsSize(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	schema := erp(t, s)
	s.Exec(t, "CREATE TABLE "+schema+".small (id INT PRIMARY KEY)")
	whole := output(t, dumper(t, s, schema), nil)
	account := s.Grant(t, "dump", "GRANT SELECT ON "+schema+".small TO {user}")
	login := write(t, dir+"/login.cnf", []byte("[client]\nuser="+account.Name+"\npassword="+account.Password+"\nsocket="+s.Socket()+"\n"), 0)
	poor := output(t, command(t, testenv.Tool(t, sandbox.Old, "mariadb-dump"), "--defaults-file="+login, "--skip-lock-tables", schema), nil)
	for i := range 4 {
		write(t, fmt.Sprintf("%s/%d.sql", dir, i), whole, time.Duration(10-i)*hour)
	}
	write(t, dir+"/4.sql", poor, hour)
	var now clock
	source := dumps(&now, dir+"/*.sql", true)
	wantStatus(t, judged(t, source), "4.sql", Success)
	sizes := summarise(history{runs: runsOf(t, source)}, now.now())[0].sizes
	if !sizes.known || sizes.ratio > 0.1 || sizes.usual != float64(len(whole)) || sizes.spread != 0 {
		t.Errorf("got %+v", sizes)
	}
}

func TestSizesAreComparedOnOneBasis(t *testing.T) {
	at := func(hours int, size, stored int64) Run {
		return Run{Kind: Full, Status: Success, End: time.Now().Add(-time.Duration(hours) * hour), Size: size, Stored: stored}
	}
	for name, test := range map[string]struct {
		runs []Run
		want sizes
	}{
		"too few":           {[]Run{at(1, 10, 1), at(2, 10, 1), at(3, 10, 1)}, sizes{repeats: 2}},
		"half":              {[]Run{at(1, 5, 1), at(2, 10, 1), at(3, 9, 1), at(4, 12, 1)}, sizes{usual: 10, spread: 1, ratio: 0.5, known: true}},
		"one is not known":  {[]Run{at(1, 0, 8), at(2, 10, 4), at(3, 9, 4), at(4, 12, 4)}, sizes{usual: 4, ratio: 2, known: true}},
		"repeats in a row":  {[]Run{at(1, 7, 3), at(2, 7, 3), at(3, 7, 3), at(4, 8, 3), at(5, 7, 3)}, sizes{usual: 7, ratio: 1, known: true, repeats: 2}},
		"failed ones aside": {[]Run{at(1, 7, 3), {Kind: Full, Status: Failed, End: time.Now(), Size: 1}}, sizes{}},
	} {
		if got := compareSizes(test.runs, Full); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
