// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// mydumperCommand is the real tool, about to dump a schema.
func mydumperCommand(t testing.TB, s *testenv.Server, schema, dir string, args ...string) *exec.Cmd {
	t.Helper()
	admin := s.AdminConfig()
	first := []string{"-u", admin.User, "-p", admin.Passwd, "-S", admin.Addr, "-B", schema, "-o", dir, "-r", "1000"}
	return command(t, testenv.Tool(t, sandbox.Tools, "mydumper"), append(first, args...)...)
}

func mydumperSource(c *clock, pattern string, level Level) *fileSource {
	b := Backup{Name: "nightly", Method: "mydumper", Path: pattern, MaxDuration: 10 * time.Minute, VerifyLevel: level}
	return mydumper().open(b, testEnv(c), &method{}).(*fileSource)
}

func TestRealMydumperFolders(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	schema := erp(t, s)
	output(t, mydumperCommand(t, s, schema, dir+"/plain"), nil)
	output(t, mydumperCommand(t, s, schema, dir+"/gzip", "-c"), nil)
	for name, damage := range map[string]func(d string){
		"killed": func(d string) {
			if err := os.Rename(d+"/metadata", d+"/metadata.partial"); err != nil {
				t.Fatal(err)
			}
		},
		"unfinished": func(d string) { write(t, d+"/metadata", []byte("Started dump at: 2026-11-24 22:19:15\n"), 0) },
		"hollow": func(d string) {
			for _, chunk := range chunks(t, d) {
				remove(t, chunk)
			}
		},
	} {
		output(t, exec.Command("cp", "-a", dir+"/gzip", dir+"/"+name), nil)
		damage(dir + "/" + name)
	}
	var now clock
	source := mydumperSource(&now, dir+"/*", Complete)
	wantStatus(t, judged(t, source), "killed", Running)
	now.advance(hour)
	runs := judged(t, source)
	run := wantStatus(t, runs, "gzip", Success)
	if run.Position.File != "binlog.000001" && run.Position.Pos == 0 || run.Position.GTID == "" || run.Start.IsZero() || run.Level != Complete {
		t.Errorf("got %+v", run)
	}
	wantStatus(t, runs, "plain", Success)
	wantStatus(t, runs, "killed", Partial)
	wantStatus(t, runs, "unfinished", Partial)
	wantStatus(t, runs, "hollow", Failed)
}

func chunks(t testing.TB, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(dir + "/*.sql*")
	if err != nil || len(all) == 0 {
		t.Fatalf("no chunks in %s: %v", dir, err)
	}
	return all
}

func TestDamagedChunkIsFoundByReadingTheNewestFolder(t *testing.T) {
	s, dir := withBinlog(t), t.TempDir()
	output(t, mydumperCommand(t, s, erp(t, s), dir+"/1", "-c"), nil)
	var now clock
	source := mydumperSource(&now, dir+"/*", Stream)
	source.again = 24 * hour
	now.advance(hour)
	run := wantStatus(t, judged(t, source), "1", Success)
	if run.Level != Stream || run.Verified.IsZero() || run.Size <= run.Stored {
		t.Errorf("verified %v to %v, size %d, stored %d", run.Verified, run.Level, run.Size, run.Stored)
	}
	damage(t, chunks(t, dir+"/1")[2])
	wantStatus(t, judged(t, source), "1", Success) // nobody looks at it before it is due again
	now.advance(25 * hour)
	run = wantStatus(t, judged(t, source), "1", Failed)
	s1 := summarise(history{runs: runsOf(t, source)}, now.now())[0]
	if s1.verified == nil || s1.verified.Status != Failed {
		t.Errorf("the failed verification does not show: %+v", s1.verified)
	}
}

// damage flips a bit in the middle of a file and leaves its time as it is.
func damage(t testing.TB, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 0x40
	write(t, path, text, time.Since(info.ModTime()))
}

func TestMetadataOfNewerVersions(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, test := range map[string]struct {
		text string
		want mydumperMetadata
	}{
		"0.14": {
			"# Started dump at: 2023-06-09 11:47:18\n[master]\n# Channel_Name = '' # It can be use to setup replication FOR CHANNEL\n" +
				"File = mydumper1-bin.000017\nPosition = 241149225\nExecuted_Gtid_Set = 7b16:1-147115,7b17:1-61558\n\n" +
				"[`sakila`.`store`]\nRows = 2\ndata_checksum = 3119812626\n# Finished dump at: 2023-06-09 11:48:18\n",
			mydumperMetadata{at("2023-06-09 11:47:18"), at("2023-06-09 11:48:18"),
				Position{"mydumper1-bin.000017", 241149225, "7b16:1-147115,7b17:1-61558"}},
		},
		"1.0": {
			"# Started dump at: 2026-06-09 11:47:18\n[config]\nquote-character = BACKTICK\n\n[replication.a]\n" +
				"SOURCE_LOG_FILE = \"upstream.000001\"\nSOURCE_LOG_POS = 4\n\n[source]\n# Channel_Name = ''\n" +
				"SOURCE_LOG_FILE = \"binlog.000002\"\n#SOURCE_LOG_POS = 158\nexecuted_gtid_set = \"\"\n\n[`a`.`b`]\nrows = 1\n",
			mydumperMetadata{at("2026-06-09 11:47:18"), time.Time{}, Position{"binlog.000002", 158, ""}},
		},
		"0.10 on a replica": {
			"Started dump at: 2026-11-24 22:19:15\nSHOW MASTER STATUS:\n\tLog: a.000003\n\tPos: 12\n\tGTID:0-1-23\n\n" +
				"SHOW SLAVE STATUS:\n\tHost: db1\n\tLog: b.000001\n\tPos: 99\n\tGTID:\n\nFinished dump at: 2026-11-24 22:19:16\n",
			mydumperMetadata{at("2026-11-24 22:19:15"), at("2026-11-24 22:19:16"), Position{"a.000003", 12, "0-1-23"}},
		},
	} {
		if got := parseMydumper([]byte(test.text)); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
