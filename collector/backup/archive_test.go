// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// someLogs makes logs on a server of which each holds a second of its own, and
// returns their contents in order; the last one is finished, too.
func someLogs(t *testing.T, s *testenv.Server, n int) (names []string, contents [][]byte) {
	t.Helper()
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".t (a INT, b MEDIUMTEXT)", "FLUSH LOGS")
	dir, before := logsOf(t, s)
	for range n {
		s.Exec(t, "INSERT INTO "+schema+".t VALUES (1, REPEAT('x', 100000))")
		second(t, s)
		s.Exec(t, "FLUSH LOGS")
	}
	_, all := logsOf(t, s)
	names = all[len(before)-1 : len(all)-1]
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, content)
	}
	return names, contents
}

// archiveOf is an archive that was looked at, and in which all is read that is to be.
func archiveOf(t *testing.T, dir string) archiveState {
	t.Helper()
	e := testEnv(&clock{})
	w := newBinlogs([]Archive{{Path: dir}}, e).archives[0]
	w.look(t.Context())
	s, err := w.found(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCompressedAndDamagedLogs(t *testing.T) {
	eachWithBinlog(t, func(t *testing.T, s *testenv.Server) {
		names, contents := someLogs(t, s, 4)
		plain := t.TempDir()
		for i, name := range names {
			write(t, filepath.Join(plain, name), contents[i], 0)
		}
		want := archiveOf(t, plain)
		if c := want.chains[0]; len(want.chains) != 1 || len(c) != 4 || want.ends[0][0] != 3 || want.counts[logComplete] != 4 {
			t.Fatalf("plain: %+v", want)
		}
		for suffix, compress := range compressors(t) {
			t.Run(filepath.Ext(suffix), func(t *testing.T) {
				suffix := filepath.Ext(suffix)
				if suffix == ".sql" {
					suffix = ""
				}
				dir := t.TempDir()
				put := func(i int, content []byte) { write(t, filepath.Join(dir, names[i]+suffix), content, 0) }
				for i := range names {
					put(i, compress(contents[i]))
				}
				got := archiveOf(t, dir)
				if got.ends[0][0] != 3 || !got.chains[0].Until(3).Equal(want.chains[0].Until(3)) || got.counts[logComplete] != 4 {
					t.Errorf("whole: %+v", got)
				}
				// Cut off in its middle, a log ends the reach with its last whole event, and not later.
				whole := compress(contents[1])
				put(1, whole[:len(whole)/2])
				got = archiveOf(t, dir)
				if got.ends[0][0] != 1 || got.counts[logCut] != 1 || got.chains[0].Until(1).After(want.chains[0].Until(1)) {
					t.Errorf("cut: %+v", got)
				}
				if gaps := got.gaps(&serverLogs{}, time.Time{}); len(gaps) != 1 || gaps[0].First.String() != names[1] || gaps[0].Last.String() != names[1] {
					t.Errorf("gaps %v", gaps)
				}
				// Copied without its end, but at the end of an event.
				f := want.chains[0][1].File
				put(1, compress(contents[1][:f.End-lastLength(contents[1])]))
				if got = archiveOf(t, dir); got.ends[0][0] != 1 || got.counts[logCut] != 1 {
					t.Errorf("without its last event: %+v", got)
				}
				// Something else under the name of a log.
				put(1, compress([]byte("-- this is a dump\n")))
				got = archiveOf(t, dir)
				if got.ends[0][0] != 0 || got.counts[logForeign] != 1 {
					t.Errorf("foreign: %+v", got)
				}
			})
		}
		// A log and what compresses it right now.
		write(t, filepath.Join(plain, names[2]+".gz"), []byte("\x1f\x8b\x08"), 0)
		if got := archiveOf(t, plain); got.ends[0][0] != 3 || len(got.chains[0]) != 4 {
			t.Errorf("while one is compressed: %+v", got)
		}
		write(t, filepath.Join(plain, "binlog.index"), []byte("binlog.000001\n"), 0)
		write(t, filepath.Join(plain, "README.000001.txt"), nil, 0)
		if got := archiveOf(t, plain); got.counts[logForeign] != 0 {
			t.Errorf("what has no log's name counts: %+v", got)
		}
	})
}

// lastLength is the length of a log's last event: that which ends it holds the name of
// the next one.
func lastLength(content []byte) int64 {
	for n := int64(len(content)) - 27; ; n-- { // a header and a place
		if content[n+4] == 4 && int64(content[n+9]) == int64(len(content))-n && content[n+10] == 0 {
			return int64(len(content)) - n
		}
	}
}

func TestServerThatDiedLeavesNoGap(t *testing.T) {
	testenv.EachServer(t, func(t *testing.T, s *testenv.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t (a INT)")
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "INSERT INTO "+schema+".t VALUES (1)", "FLUSH LOGS")
		dir, names := logsOf(t, s)
		archive := t.TempDir()
		for _, name := range names {
			copyFile(t, filepath.Join(dir, name), filepath.Join(archive, name))
		}
		got := archiveOf(t, archive)
		if len(got.chains) != 1 || got.ends[0][0] != len(names)-1 || got.counts[logCut] != 0 {
			t.Errorf("got %+v", got)
		}
	}, testenv.WithFlags("--log-bin=binlog", "--server-id=1"))
}

func TestDumpThatDoesNotKnowItsPlace(t *testing.T) {
	s := withBinlog(t)
	now, archive, dumps := clock{}, t.TempDir(), t.TempDir()
	names, contents := someLogs(t, s, 3)
	for i, name := range names {
		write(t, filepath.Join(archive, name), contents[i], 0)
	}
	all := archiveOf(t, archive)
	middle := all.chains[0][1].File
	dump := output(t, dumper(t, s, "mysql", "db"), nil)
	write(t, dumps+"/1.sql", dump, now.now().Sub(middle.Last))
	opts := Options{Backups: []Backup{{Name: "nightly", Method: "mysqldump", Path: dumps + "/*", Trailer: true}}, Archives: []Archive{{Path: archive}}}
	look := looking(t, testEnv(&now).target, opts)
	got := look()
	got.want(t, 0, `dbsync_backup_position_known{backup="nightly",method="mysqldump"}`)
	got.want(t, float64(all.chains[0].Until(2).Unix()), untilArchive)
	got.absent(t, untilServer)
	got.absent(t, `dbsync_binlog_server_visible{}`)

	// Made before the first log there is, it cannot be rolled forward.
	write(t, dumps+"/1.sql", dump, now.now().Sub(all.chains[0][0].File.First)+time.Minute)
	got = look()
	got.absent(t, untilArchive)
	if got[untilBackup] == 0 {
		t.Error("it reaches its own moment")
	}
}

func TestWithoutGrantTheServersLogsAreNotSeen(t *testing.T) {
	eachWithBinlog(t, func(t *testing.T, s *testenv.Server) {
		var now clock
		dir := t.TempDir()
		names, contents := someLogs(t, s, 1)
		write(t, filepath.Join(dir, names[0]), contents[0], 0)
		got := looking(t, monitored(t, s, &now).target, Options{Archives: []Archive{{Path: dir}}})()
		got.want(t, 0, `dbsync_binlog_server_visible{}`)
		got.want(t, 1, fmt.Sprintf(`dbsync_binlog_archive_files{archive=%q,state="complete"}`, dir))
		got.absent(t, fmt.Sprintf(`dbsync_binlog_archive_lag_bytes{archive=%q}`, dir))
	})
}

func TestUnreadableArchiveIsNamed(t *testing.T) {
	got := looking(t, testEnv(&clock{}).target, Options{Archives: []Archive{{Path: "/nonexistent/binlog"}}})()
	got.want(t, 0, `dbsync_source_success{source="/nonexistent/binlog"}`)
	broken := refusing{folders{}}
	a := newArchive(Archive{Path: t.TempDir()}, testEnv(&clock{}))
	write(t, filepath.Join(a.options.Path, "binlog.000001"), nil, 0)
	a.store = broken
	if _, err := a.look(t.Context()); err == nil || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "let the exporter") {
		t.Errorf("got %v", err)
	}
}

// refusing is a store whose files may not be read.
type refusing struct{ folders }

func (refusing) open(context.Context, string) (content, error) { return nil, fs.ErrPermission }
