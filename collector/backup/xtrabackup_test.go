// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// withBinlog is a MariaDB whose backups know their place in the binary log.
func withBinlog(t testing.TB) *testenv.Server {
	t.Helper()
	return testenv.SharedMariaDB(t, testenv.WithFlags("--log-bin=binlog", "--server-id=1"))
}

// mariadbBackupCommand is the real tool, about to back the server up.
func mariadbBackupCommand(t testing.TB, s *testenv.Server, args ...string) *exec.Cmd {
	t.Helper()
	program := testenv.Tool(t, sandbox.Tools, "mariadb-backup")
	first := []string{"--defaults-file=" + loginFile(t, s), "--backup", "--datadir=" + s.DataDir()}
	return command(t, program, append(first, args...)...)
}

// chainOf makes a full backup and two that build on it, each after a change.
func chainOf(t testing.TB, s *testenv.Server) (dir string) {
	t.Helper()
	schema := erp(t, s)
	dir = t.TempDir()
	change := "INSERT INTO " + schema + ".invoice (customer) SELECT customer FROM " + schema + ".invoice LIMIT 1000"
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/1-full"), nil)
	s.Exec(t, change, "SET GLOBAL innodb_log_checkpoint_now=ON")
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/2-inc", "--incremental-basedir="+dir+"/1-full"), nil)
	s.Exec(t, change, "SET GLOBAL innodb_log_checkpoint_now=ON")
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/3-inc", "--incremental-basedir="+dir+"/2-inc"), nil)
	return dir
}

// physicalSource is the source of the backups that match the pattern.
func physicalSource(c *clock, pattern string) *fileSource {
	b := Backup{Name: "nightly", Method: "mariadb-backup", Path: pattern, MaxDuration: 10 * time.Minute, VerifyLevel: Stream}
	return mariadbBackup().open(b, testEnv(c), &method{}).(*fileSource)
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func TestRealIncrementalChainAndWhatBreaksIt(t *testing.T) {
	dir := chainOf(t, withBinlog(t))
	var now clock
	source := physicalSource(&now, dir+"/*")
	now.advance(hour)
	runs := judged(t, source)
	full := wantStatus(t, runs, "1-full", Success)
	first := wantStatus(t, runs, "2-inc", Success)
	second := wantStatus(t, runs, "3-inc", Success)
	if full.Kind != Full || first.Kind != Incremental || second.Kind != Incremental {
		t.Errorf("kinds %s, %s, %s", full.Kind, first.Kind, second.Kind)
	}
	if full.Stored < 10<<20 || full.Start.IsZero() || full.End.Before(full.Start) || full.Position.File == "" || full.Position.GTID == "" {
		t.Errorf("full: %+v", full)
	}
	if !first.Link.follows(full.Link) || !second.Link.follows(first.Link) || second.Link.follows(full.Link) {
		t.Errorf("links %+v, %+v, %+v", full.Link, first.Link, second.Link)
	}
	if full.Level < Complete || second.Level < Complete {
		t.Errorf("levels %v, %v", full.Level, second.Level)
	}
	broken := func() bool {
		s := summarise(history{runs: runsOf(t, source)}, now.now())
		if len(s) != 2 || s[1].kind != Incremental {
			t.Fatalf("kinds %+v", s)
		}
		return s[1].broken
	}
	if broken() {
		t.Error("a whole chain is called broken")
	}
	remove(t, dir+"/2-inc")
	if !broken() {
		t.Error("the chain without its middle is not called broken")
	}
	remove(t, dir+"/1-full")
	if !broken() {
		t.Error("the chain without its beginning is not called broken")
	}
}

func TestBackupThatWasKilledIsPartial(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	erp(t, s)
	c := mariadbBackupCommand(t, s, "--target-dir="+dir+"/killed")
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 20*time.Second, "it has begun to copy", func() error {
		_, err := os.Stat(dir + "/killed/ibdata1")
		return err
	})
	var now clock
	source := physicalSource(&now, dir+"/*")
	wantStatus(t, judged(t, source), "killed", Running)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if strings.Contains(log.String(), "completed OK") {
		t.Skip("it was faster than the test")
	}
	now.advance(hour)
	run := wantStatus(t, judged(t, source), "killed", Partial)
	if run.Stored == 0 {
		t.Error("what it has left behind takes no room")
	}
}

func TestDamagedFolders(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	erp(t, s)
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/good"), nil)
	for name, damage := range map[string]func(string){
		"no-info":           func(d string) { remove(t, d+"/xtrabackup_info") },
		"no-checkpoints":    func(d string) { remove(t, d+"/xtrabackup_checkpoints") },
		"empty-checkpoints": func(d string) { write(t, d+"/xtrabackup_checkpoints", nil, 0) },
		"empty":             func(d string) { remove(t, d); _ = os.Mkdir(d, 0o700) },
		"no-redo":           func(d string) { remove(t, d+"/ib_logfile0") },
		"short-redo":        func(d string) { write(t, d+"/ib_logfile0", []byte("short"), 0) },
		"flipped": func(d string) {
			table := invoiceOf(t, d)
			damage(t, table)
			if err := os.Rename(table, strings.TrimSuffix(table, path.Ext(table))+".new"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		output(t, exec.Command("cp", "-a", dir+"/good", dir+"/"+name), nil)
		damage(dir + "/" + name)
	}
	var now clock
	now.advance(hour)
	runs := judged(t, physicalSource(&now, dir+"/*"))
	wantStatus(t, runs, "good", Success)
	wantStatus(t, runs, "no-info", Partial)
	wantStatus(t, runs, "no-checkpoints", Partial)
	wantStatus(t, runs, "empty-checkpoints", Failed)
	wantStatus(t, runs, "empty", Failed)
	wantStatus(t, runs, "no-redo", Failed)
	wantStatus(t, runs, "short-redo", Failed)
	wantStatus(t, judged(t, physicalSource(&now, dir+"/flipped")), "flipped", Failed)
}

// invoiceOf is the tablespace of erp's table. It is called .new when the redo log of the backup still tells that it was made.
func invoiceOf(t testing.TB, dir string) string {
	t.Helper()
	found, err := filepath.Glob(dir + "/*/invoice.*")
	found = slices.DeleteFunc(found, func(path string) bool { return !hasPages(path) })
	if err != nil || len(found) == 0 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

func TestRealStreamsPlainAndCompressed(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	erp(t, s)
	whole := output(t, mariadbBackupCommand(t, s, "--stream=xbstream"), nil)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	write(t, dir+"/whole", whole, hour)
	write(t, dir+"/cut", whole[:len(whole)/2], 2*hour)
	write(t, dir+"/flipped", flipped, 3*hour)
	write(t, dir+"/other", []byte("something else"), 4*hour)
	write(t, dir+"/growing", whole[:len(whole)/3], 0)
	write(t, dir+"/last-chunk-missing", whole[:bytes.LastIndex(whole, []byte(xbMagic))], 5*hour)
	compress := compressors(t)
	write(t, dir+"/whole.gz", compress[".sql.gz"](whole), 6*hour)
	write(t, dir+"/flipped.zst", compress[".sql.zst"](flipped), 7*hour)
	packed := compress[".sql.zst"](whole)
	write(t, dir+"/cut.zst", packed[:len(packed)/2], 8*hour)

	var now clock
	source := physicalSource(&now, dir+"/*")
	runs := judged(t, source)
	run := wantStatus(t, runs, "whole", Success)
	if run.Kind != Full || run.Link.To == 0 || run.Position.File == "" || run.Start.IsZero() || run.Size < 10<<20 {
		t.Errorf("whole: %+v", run)
	}
	if run.Level != Checksum || run.Verified.IsZero() {
		t.Errorf("the newest good one was not verified: %v at %v", run.Level, run.Verified)
	}
	wantStatus(t, runs, "cut", Partial)
	wantStatus(t, runs, "other", Failed)
	wantStatus(t, runs, "growing", Running)
	wantStatus(t, runs, "last-chunk-missing", Partial)
	wantStatus(t, runs, "whole.gz", Success)
	wantStatus(t, runs, "flipped.zst", Failed)
	wantStatus(t, runs, "cut.zst", Partial)
	// A plain stream looks good from chunk to chunk; its checksums are looked at when
	// it is the newest.
	wantStatus(t, runs, "flipped", Success)
	remove(t, dir+"/whole")
	wantStatus(t, judged(t, source), "flipped", Failed)
}

func TestIncrementalStreamFollowsItsFolder(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	schema := erp(t, s)
	output(t, mariadbBackupCommand(t, s, "--target-dir="+dir+"/full"), nil)
	s.Exec(t, "DELETE FROM "+schema+".invoice LIMIT 1000")
	stream := output(t, mariadbBackupCommand(t, s, "--stream=xbstream", "--incremental-basedir="+dir+"/full"), nil)
	write(t, filepath.Join(dir, "inc.xb"), stream, 0)
	var now clock
	now.advance(hour)
	runs := judged(t, physicalSource(&now, dir+"/*"))
	inc := wantStatus(t, runs, "inc.xb", Success)
	if inc.Kind != Incremental || !inc.Link.follows(runs["full"].Link) {
		t.Errorf("got %+v on %+v", inc, runs["full"])
	}
}

func TestCompressedAndPreparedFolders(t *testing.T) {
	dir := t.TempDir()
	const info = "uuid = 1\nstart_time = 2026-11-24 22:19:09\nend_time = 2026-11-24 22:21:11\nincremental = N\n" +
		"binlog_pos = filename 'binlog.000001', position '987437', GTID of the last change 'a:1-5,\nb:1-3'\n"
	make := func(name string, files map[string]string) {
		if err := os.Mkdir(dir+"/"+name, 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range files {
			write(t, dir+"/"+name+"/"+file, []byte(text), hour)
		}
	}
	zstd := compressors(t)[".sql.zst"]
	make("zstd", map[string]string{
		"xtrabackup_info.zst": string(zstd([]byte(info))), "xtrabackup_checkpoints": "backup_type = full-backuped\nto_lsn = 5\n",
		"xtrabackup_logfile.zst": string(zstd([]byte("log"))),
	})
	make("qpress", map[string]string{
		"xtrabackup_info.qp": "qpress10", "xtrabackup_checkpoints": "backup_type = full-backuped\nto_lsn = 5\n",
		"xtrabackup_logfile.qp": "qpress10",
	})
	make("mariadb-11", map[string]string{
		"mariadb_backup_info": info, "mariadb_backup_checkpoints": "backup_type = log-applied\nfrom_lsn = 0\nto_lsn = 5\n",
		"mariadb_backup_binlog_info": "b.000002\t7\n",
	})
	now := new(clock)
	now.advance(hour)
	runs := judged(t, physicalSource(now, dir+"/*"))
	run := wantStatus(t, runs, "zstd", Success)
	if run.End.Sub(run.Start) != 122*time.Second || run.Position != (Position{"binlog.000001", 987437, "a:1-5,b:1-3"}) {
		t.Errorf("zstd: %+v", run)
	}
	wantStatus(t, runs, "qpress", Success)
	if run := wantStatus(t, runs, "mariadb-11", Success); run.Position != (Position{"b.000002", 7, ""}) {
		t.Errorf("mariadb-11: %+v", run)
	}
}
