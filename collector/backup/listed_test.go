// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// fileSourceOf is the source of a method that reads files.
func fileSourceOf(m method, c *clock, b Backup) *fileSource {
	b.MaxDuration = 10 * time.Minute
	return m.open(b, testEnv(c), &m).(*fileSource)
}

func TestWalGSentinels(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/stream_1_backup_stop_sentinel.json", []byte(`{"Tool":"WALG_MYSQL_XTRABACKUP","BinLogStart":"binlog.000002",
		"StartLocalTime":"2026-11-24T02:00:00+08:00","StopLocalTime":"2026-11-24T02:10:00+08:00","UncompressedSize":1000,
		"CompressedSize":300,"IsIncremental":false,"LSN":900}`), hour)
	write(t, dir+"/stream_2_backup_stop_sentinel.json", []byte(`{"StartLocalTime":"2026-11-24T03:00:00Z","StopLocalTime":"2026-11-24T03:01:00Z",
		"UncompressedSize":10,"CompressedSize":3,"IsIncremental":true,"DeltaLSN":900,"DeltaFrom":"stream_1","DeltaFullName":"stream_1"}`), hour)
	write(t, dir+"/stream_3_backup_stop_sentinel.json", []byte(`{"StartLSN":`), hour)
	source := fileSourceOf(walG(), new(clock), Backup{Path: dir + "/*", VerifyLevel: Checksum})
	runs := judged(t, source)
	one := wantStatus(t, runs, "stream_1_backup_stop_sentinel.json", Success)
	if one.End.Unix() != 1795457400 || one.End.Sub(one.Start) != 10*time.Minute || one.Size != 1000 || one.Stored != 300 || one.Position.File != "binlog.000002" {
		t.Errorf("got %+v", one)
	}
	two := wantStatus(t, runs, "stream_2_backup_stop_sentinel.json", Success)
	if two.Kind != Incremental || !two.Link.follows(one.Link) {
		t.Errorf("got %+v", two)
	}
	wantStatus(t, runs, "stream_3_backup_stop_sentinel.json", Failed)
}

func TestResticSnapshots(t *testing.T) {
	dir := t.TempDir()
	source := restic().open(Backup{Path: dir + "/*.json"}, testEnv(new(clock)), &method{})
	if _, err := source.look(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	write(t, dir+"/old.json", []byte(`[]`), hour)
	write(t, dir+"/new.json", []byte(`[
		{"time":"2026-11-23T02:00:00.5+01:00","tree":"ab","paths":["/backup"],"hostname":"db1","id":"0123","short_id":"01"},
		{"time":"2026-11-24T02:00:00Z","id":"4567","summary":{"backup_start":"2026-11-24T02:00:00Z","backup_end":"2026-11-24T02:05:00Z",
			"total_bytes_processed":5000,"data_added":700,"data_added_packed":300}}]`), 0)
	h, err := source.look(t.Context())
	if err != nil || len(h.runs) != 2 {
		t.Fatalf("%v, %v", h.runs, err)
	}
	if r := h.runs[1]; r.End.Sub(r.Start) != 5*time.Minute || r.Size != 5000 || r.Stored != 300 {
		t.Errorf("got %+v", r)
	}
	if r := h.runs[0]; r.End.Unix() != 1795395600 || !r.Start.IsZero() || r.Size != 0 {
		t.Errorf("got %+v", r)
	}
	write(t, dir+"/new.json", []byte("repository is locked\n"), 0)
	if _, err := source.look(t.Context()); err == nil || !strings.Contains(err.Error(), "restic snapshots --json") {
		t.Errorf("an error message in the file: %v", err)
	}
}

func TestPlainFilesAndTheirChecksums(t *testing.T) {
	dir := t.TempDir()
	packed := compressors(t)[".sql.gz"]([]byte(plainDump))
	sha256 := testenv.Tool(t, sandbox.Old, "sha256sum")
	sumOf := func(path string) []byte { return output(t, command(t, sha256, path), nil) }
	good := write(t, dir+"/good.tar.gz", packed, hour)
	write(t, good+".sha256", sumOf(good), hour)
	var now clock
	source := fileSourceOf(plainFiles(), &now, Backup{Path: dir + "/*", VerifyLevel: Checksum})
	runs := judged(t, source)
	if len(runs) != 1 {
		t.Errorf("the checksum counts as a backup: %v", runs)
	}
	if r := wantStatus(t, runs, "good.tar.gz", Success); r.Level != Checksum {
		t.Errorf("level %v, %s", r.Level, r.Evidence)
	}
	other := write(t, dir+"/other", []byte("plain text that was changed"), 30*time.Minute)
	write(t, other+".sha256", sumOf(good), hour)
	if r := wantStatus(t, judged(t, source), "other", Failed); !strings.Contains(r.Evidence, "checksum") {
		t.Errorf("evidence %s", r.Evidence)
	}
	wantStatus(t, judged(t, fileSourceOf(plainFiles(), &now, Backup{Path: write(t, dir+"/empty", nil, hour)})), "empty", Failed)
	wantStatus(t, judged(t, fileSourceOf(plainFiles(), &now, Backup{Path: write(t, dir+"/fresh", packed, 0)})), "fresh", Running)
}

func TestFolderWithAListOfChecksums(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/1", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/1/a", []byte("a"), hour)
	write(t, dir+"/1/b", []byte("b"), hour)
	list := exec.Command("sha256sum", "a", "b")
	list.Dir = dir + "/1"
	write(t, dir+"/1/SHA256SUMS", output(t, list, nil), hour)
	now := new(clock)
	now.advance(hour)
	source := fileSourceOf(plainFiles(), now, Backup{Path: dir + "/*", VerifyLevel: Checksum})
	if r := wantStatus(t, judged(t, source), "1", Success); r.Level != Checksum {
		t.Errorf("level %v, %s", r.Level, r.Evidence)
	}
	remove(t, dir+"/1/b")
	now.advance(hour) // the folder was written to
	if r := wantStatus(t, judged(t, source), "1", Failed); !strings.Contains(r.Evidence, "/b is missing") {
		t.Errorf("evidence %s", r.Evidence)
	}
}

// shellFolder makes a folder as MySQL Shell 9 writes it, by its source.
func shellFolder(t *testing.T, dir string, finished bool) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	zstd := compressors(t)[".sql.zst"]
	write(t, dir+"/@.json", []byte(`{"dumper":"mysqlsh Ver 9.7.0","version":"2.0.1","consistent":true,"binlogFile":"binlog.000002",
		"binlogPosition":158,"gtidExecuted":"a:1-5","begin":"2026-11-24 02:00:00"}`), hour)
	write(t, dir+"/erp@invoice@@0.tsv.zst", zstd([]byte("1\tMiller\n2\tSmith\n")), hour)
	if finished {
		write(t, dir+"/@.done.json", []byte(`{"end":"2026-11-24 02:03:00","dataBytes":12,"tableDataBytes":{"erp":{"invoice":12}},
			"chunkFileBytes":{"erp@invoice@@0.tsv.zst":17}}`), hour)
	}
}

func TestMySQLShellFolders(t *testing.T) {
	dir, now := t.TempDir(), new(clock)
	now.advance(hour)
	shellFolder(t, dir+"/1-whole", true)
	shellFolder(t, dir+"/2-killed", false)
	shellFolder(t, dir+"/3-chunk-missing", true)
	remove(t, dir+"/3-chunk-missing/erp@invoice@@0.tsv.zst")
	shellFolder(t, dir+"/4-chunk-short", true)
	write(t, dir+"/4-chunk-short/erp@invoice@@0.tsv.zst", compressors(t)[".sql.zst"]([]byte("1\tMiller\n")), hour)
	source := fileSourceOf(mysqlShell(), now, Backup{Path: dir + "/*", VerifyLevel: Stream})
	runs := judged(t, source)
	run := wantStatus(t, runs, "1-whole", Success)
	if run.End.Sub(run.Start) != 3*time.Minute || run.Position != (Position{"binlog.000002", 158, "a:1-5"}) || run.Size != 12 {
		t.Errorf("got %+v", run)
	}
	wantStatus(t, runs, "2-killed", Partial)
	wantStatus(t, runs, "3-chunk-missing", Failed)
	if r := wantStatus(t, runs, "4-chunk-short", Failed); !strings.Contains(r.Evidence, "9 bytes of content, @.done.json says 17") {
		t.Errorf("evidence %s", r.Evidence)
	}
}
