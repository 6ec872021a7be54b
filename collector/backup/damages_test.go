// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

var update = flag.Bool("update", false, "write the table of damages into docs/quality.md")

// specimen is a real backup, the method that watches it, and what becomes of it at the hands of its own tool.
type specimen struct {
	name   string
	method method
	folder bool
	victim string            // what of a folder is damaged; empty: its largest file
	make   func(path string) // a file or a folder
	killed func(path string) // half-way
	poor   func(path string) // by an account that may see one small table of the schema
}

// damage is what can become of a backup afterwards. A folder's is done to its largest file.
type damageOf struct {
	name string
	do   func(text []byte) []byte // nil: the file goes
}

func damages() []damageOf {
	return []damageOf{
		{"emptied", func([]byte) []byte { return nil }},
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
		{"last 5 % cut", func(b []byte) []byte { return b[:len(b)*95/100/16384*16384] }},
		{"last byte cut", func(b []byte) []byte { return b[:len(b)-1] }},
		{"one bit flipped", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }},
		{"a file gone", nil},
	}
}

const (
	killedHalfWay = "killed half-way"
	poorAccount   = "grants missing"
	uncaught      = "-"
)

// excuse is why no level can catch some damages of a kind of backup, and what does. The test fails for a damage that is
// not caught and has none, and for an excuse that is not needed.
type excuse struct{ specimens, damages []string }

func excuses() map[string]excuse {
	return map[string]excuse{
		"A dump, or a chunk of one, that is not compressed has no checksum: a changed byte of a row is another row. " +
			"A file of checksums beside it catches it (`sha256sum`), and so does compression.": {
			[]string{"mariadb-dump .sql", "mysqldump 9.7 .sql", "mydumper"}, []string{"one bit flipped"},
		},
		"The byte is the newline after the last statement: nothing is lost.": {
			[]string{"mydumper"}, []string{"last byte cut"},
		},
		"mydumper 0.10 keeps no list of its chunks, and a table without rows has none; mariadb-backup keeps no list of its " +
			"files. A list of checksums (`SHA256SUMS`) catches it, and so does a restore test.": {
			[]string{"mydumper", "mydumper --compress", "mariadb-backup", "mariadb-backup, incremental"}, []string{"a file gone"},
		},
		"A file of any kind is whole by its checksum alone, which is written after it: without one nothing is known but " +
			"its size.": {
			[]string{"any file, with its sha256"}, []string{killedHalfWay},
		},
		"The redo log is read by nobody before `--prepare`, which a restore test does.": {
			[]string{"mariadb-backup, its redo log"}, []string{"one bit flipped"},
		},
	}
}

// excused returns the number of the note that excuses a damage; 0: none does.
func excused(specimen, damage string, notes []string) int {
	for i, note := range notes {
		if e := excuses()[note]; slices.Contains(e.specimens, specimen) && slices.Contains(e.damages, damage) {
			return i + 1
		}
	}
	return 0
}

// studio makes specimens.
type studio struct {
	t        *testing.T
	server   *testenv.Server
	schema   string
	login    string // of the poor account
	compress map[string]func([]byte) []byte
}

// newStudio fills a schema, with one small table besides, which is all that the poor account may see.
func newStudio(t *testing.T, s *testenv.Server) *studio {
	schema := erp(t, s)
	s.Exec(t, "CREATE TABLE "+schema+".small (id INT PRIMARY KEY)", "INSERT INTO "+schema+".small VALUES (1)")
	account := s.Grant(t, "poor", "GRANT SELECT ON "+schema+".small TO {user}")
	text := fmt.Sprintf("[client]\nuser=%s\npassword=%s\nsocket=%s\n", account.Name, account.Password, s.Socket())
	return &studio{t, s, schema, write(t, t.TempDir()+"/login.cnf", []byte(text), 0), compressors(t)}
}

// dumps are of the server's own dump program, piped through the compressors of these suffixes.
func (s *studio) dumps(name string, edition sandbox.Edition, args []string, suffixes ...string) []specimen {
	program := testenv.Tool(s.t, edition, strings.Fields(name)[0])
	with := func(login string, args ...string) *exec.Cmd {
		return command(s.t, program, append([]string{"--defaults-file=" + login}, append(args, s.schema)...)...)
	}
	whole := output(s.t, with(loginFile(s.t, s.server), args...), nil)
	half := killed(s.t, with(loginFile(s.t, s.server), args...), int64(len(whole)/2))
	poor := output(s.t, with(s.login, "--skip-lock-tables", "--no-tablespaces"), nil)
	var all []specimen
	for _, suffix := range suffixes {
		as := func(text []byte) func(string) {
			return func(path string) { write(s.t, path, s.compress[suffix](text), hour) }
		}
		all = append(all, specimen{name + " " + suffix, mysqldump(), false, "", as(whole), as(half), as(poor)})
	}
	return all
}

// mydumper waits, when it is to be killed, for a table that is locked, with another one done.
func (s *studio) mydumper(name string, args ...string) specimen {
	whole := func(path string) { output(s.t, mydumperCommand(s.t, s.server, s.schema, path, args...), nil) }
	half := func(path string) {
		unlock := s.lock("small")
		defer unlock()
		c := mydumperCommand(s.t, s.server, s.schema, path, append(args, "--no-locks")...)
		s.killOnce(c, func() bool {
			chunks, _ := filepath.Glob(path + "/" + s.schema + ".invoice.*sql*")
			return len(chunks) > 1
		})
	}
	poor := func(path string) {
		text, err := os.ReadFile(s.login)
		if err != nil {
			s.t.Fatal(err)
		}
		login := parsePairs(text)
		admin := mydumperCommand(s.t, s.server, s.schema, path, append(args, "--no-locks")...)
		for i, arg := range admin.Args {
			switch arg {
			case "-u":
				admin.Args[i+1] = login["user"]
			case "-p":
				admin.Args[i+1] = login["password"]
			}
		}
		output(s.t, admin, nil)
	}
	return specimen{name, mydumper(), true, "", whole, half, poor}
}

// lock keeps a table of the schema from being read.
func (s *studio) lock(table string) (unlock func()) {
	s.t.Helper()
	db := open(s.t, s.server)
	conn, err := db.Conn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.ExecContext(s.t.Context(), "LOCK TABLES "+s.schema+"."+table+" WRITE"); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		_ = conn.Close()
		_ = db.Close()
	}
}

// killOnce starts a command and kills it when it is half-way.
func (s *studio) killOnce(c *exec.Cmd, halfWay func() bool) {
	s.t.Helper()
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	limit, tick := time.After(30*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !halfWay() {
		select {
		case err := <-ended:
			s.t.Fatalf("it ended before it could be killed: %v: %s", err, log.String())
		case <-limit:
			_ = c.Process.Kill()
			s.t.Fatalf("it did not get half-way: %s", log.String())
		case <-tick.C:
		}
	}
	_ = c.Process.Kill()
	if err := <-ended; err == nil {
		s.t.Fatal("it ended by itself before it was killed")
	}
}

// physical is a folder of mariadb-backup, whatever it builds on.
func (s *studio) physical(name string, args ...string) specimen {
	to := func(path string) []string { return append([]string{"--target-dir=" + path}, args...) }
	whole := func(path string) { output(s.t, mariadbBackupCommand(s.t, s.server, to(path)...), nil) }
	half := func(path string) {
		s.killOnce(mariadbBackupCommand(s.t, s.server, to(path)...), func() bool { return fileExists(path+"/ibdata1") || fileExists(path+"/ibdata1.delta") })
	}
	poor := func(path string) { s.refused(to(path)...) }
	return specimen{name, mariadbBackup(), true, "", whole, half, poor}
}

// refused is a mariadb-backup whose account may not do it, and what it has written.
func (s *studio) refused(args ...string) []byte {
	s.t.Helper()
	c := mariadbBackupCommand(s.t, s.server, args...)
	for i, arg := range c.Args {
		if strings.HasPrefix(arg, "--defaults-file=") {
			c.Args[i] = "--defaults-file=" + s.login
		}
	}
	out, err := c.Output()
	if err == nil {
		s.t.Error("mariadb-backup does without grants")
	}
	return out
}

// specimens are made anew of real servers, each by its own tool.
func specimens(t *testing.T) []specimen {
	s := newStudio(t, withBinlog(t))
	stream := output(t, mariadbBackupCommand(t, s.server, "--stream=xbstream"), nil)
	half := killed(t, mariadbBackupCommand(t, s.server, "--stream=xbstream"), int64(len(stream)/2))
	poor := s.refused("--stream=xbstream")
	base := t.TempDir() + "/base"
	full := s.physical("mariadb-backup")
	change, checkpoint := "INSERT INTO "+s.schema+".invoice (customer) SELECT customer FROM "+s.schema+".invoice", "SET GLOBAL innodb_log_checkpoint_now=ON"
	s.server.Exec(t, checkpoint) // else the redo log tells that the tables are new
	full.make(base)
	s.server.Exec(t, change, checkpoint)
	streamed := func(name, suffix string) specimen {
		as := func(text []byte) func(string) {
			return func(path string) { write(t, path, s.compress[suffix](text), hour) }
		}
		return specimen{name, mariadbBackup(), false, "", as(stream), as(half), as(poor)}
	}
	all := s.dumps("mariadb-dump", sandbox.Old, []string{"--master-data=2"}, ".sql", ".sql.gz", ".sql.zst", ".sql.lz4", ".sql.xz")
	all = append(all, newStudio(t, testenv.SharedMySQL(t)).dumps("mysqldump 9.7", sandbox.New, nil, ".sql", ".sql.gz", ".sql.zst")...)
	redo := full
	redo.name, redo.victim = "mariadb-backup, its redo log", "ib_logfile0"
	all = append(all,
		s.mydumper("mydumper"), s.listed(s.mydumper("mydumper, with SHA256SUMS")), s.mydumper("mydumper --compress", "-c"),
		full, redo, s.physical("mariadb-backup, incremental", "--incremental-basedir="+base),
		streamed("mariadb-backup --stream", ".sql"), streamed("mariadb-backup --stream, gzip", ".sql.gz"))
	file := all[0]
	file.name, file.method = "any file, with its sha256", plainFiles()
	return append(all, s.listed(file))
}

// listed is a specimen that is given checksums when, and only when, its tool has succeeded.
func (s *studio) listed(of specimen) specimen {
	program := testenv.Tool(s.t, sandbox.Old, "sha256sum")
	sum := func(make func(string)) func(string) {
		return func(path string) {
			make(path)
			if !of.folder {
				write(s.t, path+".sha256", output(s.t, command(s.t, program, path), nil), hour)
				return
			}
			names, err := filepath.Glob(path + "/*")
			if err != nil {
				s.t.Fatal(err)
			}
			for i, name := range names {
				names[i] = filepath.Base(name)
			}
			c := command(s.t, program, names...)
			c.Dir = path
			write(s.t, path+"/SHA256SUMS", output(s.t, c, nil), 0)
		}
	}
	of.make, of.poor = sum(of.make), sum(of.poor)
	return of
}

// largest is the largest file of a folder, of mariadb-backup its largest tablespace.
func largest(t *testing.T, dir string) string {
	t.Helper()
	files, err := folders{}.tree(t.Context(), dir)
	if slices.ContainsFunc(files, func(f file) bool { return hasPages(f.path) }) { // whatever else there is, it is about these
		files = slices.DeleteFunc(files, func(f file) bool { return !hasPages(f.path) })
	}
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	return slices.MaxFunc(files, func(a, b file) int { return int(a.size - b.size) }).path
}

// counting is this machine's file systems, and what was read of them.
type counting struct {
	folders
	read atomic.Int64
}

func (s *counting) open(ctx context.Context, path string) (content, error) {
	c, err := s.folders.open(ctx, path)
	return countedContent{c, &s.read}, err
}

type countedContent struct {
	content
	read *atomic.Int64
}

func (c countedContent) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.content.ReadAt(p, offset)
	c.read.Add(int64(n))
	return n, err
}

// sourceAt is the source of the backups of a pattern, an hour after they were made, and what it reads.
func sourceAt(m method, pattern string, level Level) (*fileSource, *counting) {
	now, store := new(clock), &counting{}
	now.advance(hour)
	s := fileSourceOf(m, now, Backup{Name: "n", Path: pattern, Trailer: true, VerifyLevel: level})
	s.store = store
	return s, store
}

// caught says how far a backup must be checked for its damage to be seen.
func caught(t *testing.T, m method, path string) string {
	t.Helper()
	source, _ := sourceAt(m, path, Checksum)
	runs := runsOf(t, source)
	if len(runs) == 0 {
		return "exists"
	}
	if s := runs[0].Status; s.Ended() && s != Success {
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
		return uncaught
	case gzipped(path):
		return "stream" // the checksum at its end tells, even where one within has told before
	case strings.Contains(run.Evidence, "page ") || strings.Contains(run.Evidence, "pages") || strings.Contains(run.Evidence, "beside it") || strings.Contains(run.Evidence, "which has a checksum") || strings.Contains(run.Evidence, "valid xbstream"):
		return "checksum"
	}
	return "stream"
}

func gzipped(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && bytes.HasPrefix(content, []byte{0x1f, 0x8b})
}

// smaller reports whether a backup stands out by its size among good ones.
func smaller(t *testing.T, one specimen, good, bad string) bool {
	t.Helper()
	dir := t.TempDir()
	for i := range 4 {
		output(t, exec.Command("cp", "-a", good, fmt.Sprintf("%s/%d", dir, i)), nil)
	}
	output(t, exec.Command("cp", "-r", bad, dir+"/4"), nil) // now, and so the newest
	source, _ := sourceAt(one.method, dir+"/*", Complete)
	runs := judged(t, source)
	if wantStatus(t, runs, "4", Success).Status != Success {
		return false
	}
	s := summarise(history{runs: runsOf(t, source)}, source.now())
	return len(s) > 0 && s[0].sizes.known && s[0].sizes.ratio < 0.5
}

// cost is what is read of a good backup: by a look, until it is judged, and until it is verified.
func cost(t *testing.T, one specimen, good string) (glance, judge, verify string) {
	t.Helper()
	read := func(level Level, through bool) string {
		source, store := sourceAt(one.method, good, level)
		all := runsOf(t, source)[0].Stored
		if through {
			judged(t, source)
		}
		switch n := store.read.Load(); {
		case n > 2*all+(1<<20):
			t.Errorf("%s: %d bytes of %d are read", one.name, n, all)
			return "more than all"
		case n > all*9/10:
			return "all"
		default:
			kib := int64(4)
			for kib<<10 < n {
				kib *= 4
			}
			return fmt.Sprintf("≤ %d KiB", kib)
		}
	}
	return read(Complete, false), read(Complete, true), read(Checksum, true)
}

// TestWhatEachLevelCatches does each damage to each backup and holds the outcome against docs/quality.md.
func TestWhatEachLevelCatches(t *testing.T) {
	notes := slices.Sorted(func(yield func(string) bool) {
		for note := range excuses() {
			if !yield(note) {
				return
			}
		}
	})
	used := map[int]bool{}
	var names []string
	for _, d := range damages() {
		names = append(names, d.name)
	}
	names = append(names, killedHalfWay, poorAccount)
	var table, costs bytes.Buffer
	fmt.Fprintf(&table, "| backup | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	costs.WriteString("| backup | a look | complete | stream, checksum |\n|---|---|---|---|\n")
	for _, one := range specimens(t) {
		dir := t.TempDir()
		good := filepath.Join(dir, "good")
		one.make(good)
		if got := caught(t, one.method, good); got != uncaught {
			t.Errorf("%s: the good one is taken for a bad one: %s", one.name, got)
		}
		glance, judge, verify := cost(t, one, good)
		fmt.Fprintf(&costs, "| %s | %s | %s | %s |\n", one.name, glance, judge, verify)
		row := []string{one.name}
		for i, name := range names {
			bad := filepath.Join(dir, fmt.Sprint("bad", i))
			switch name {
			case killedHalfWay:
				one.killed(bad)
			case poorAccount:
				one.poor(bad)
			default:
				harm(t, one, good, bad, damages()[i].do)
			}
			got := caught(t, one.method, bad)
			if got == uncaught && name == poorAccount && smaller(t, one, good, bad) {
				got = "size"
			}
			note := excused(one.name, name, notes)
			switch {
			case got == uncaught && note == 0:
				t.Errorf("%s, %s: not caught, and there is no reason why it could not be", one.name, name)
			case got != uncaught && note > 0:
				t.Errorf("%s, %s: caught by %s, although it is said that it cannot be", one.name, name, got)
			case got == uncaught:
				got, used[note] = fmt.Sprintf("no [%d]", note), true
			}
			row = append(row, got)
		}
		fmt.Fprintf(&table, "| %s |\n", strings.Join(row, " | "))
	}
	for i, note := range notes {
		if !used[i+1] {
			t.Errorf("an excuse that nothing needs: %s", note)
		}
		fmt.Fprintf(&table, "\n[%d] %s\n", i+1, note)
	}
	documented(t, "damages", table.String())
	documented(t, "cost of verification", costs.String())
}

// harm makes a copy of a backup and damages it.
func harm(t *testing.T, one specimen, good, bad string, do func([]byte) []byte) {
	t.Helper()
	output(t, exec.Command("cp", "-a", good, bad), nil)
	if sum := good + ".sha256"; fileExists(sum) {
		output(t, exec.Command("cp", sum, bad+".sha256"), nil)
	}
	victim := bad
	switch {
	case one.victim != "":
		victim = filepath.Join(bad, one.victim)
	case one.folder:
		victim = largest(t, bad)
	}
	if do == nil {
		remove(t, victim)
		return
	}
	text, err := os.ReadFile(victim)
	if err != nil {
		t.Fatal(err)
	}
	write(t, victim, do(text), hour)
}

// documented compares a section of docs/quality.md with what it should be, or with -update writes it.
func documented(t *testing.T, mark, want string) {
	t.Helper()
	const path = "../../docs/quality.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->\n"
	before, rest, there := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	switch {
	case !there || !closed:
		t.Fatalf("%s: no section %q", path, mark)
	case *update && !t.Failed():
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case got != want:
		t.Errorf("%s, section %q: what is caught has changed, see it and run this test with -update:\n%s", path, mark, want)
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
