// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/backup/binlog"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// looking returns a function that looks at everything there is and shows it.
func looking(t *testing.T, target *collector.Target, opts Options) func() scraped {
	t.Helper()
	var ws *watches
	d := Definition(opts)
	make := d.New
	d.New = func(target *collector.Target) collector.Collector {
		ws = make(target).(*watches)
		return collector.Func(ws.Collect)
	}
	show := watchingOf(t, target, d)
	return func() scraped {
		for _, w := range ws.all {
			w.look(t.Context())
		}
		if ws.binlogs.server != nil {
			ws.binlogs.ask(t.Context())
		}
		for _, a := range ws.binlogs.archives {
			a.look(t.Context())
		}
		return show()
	}
}

// eachWithBinlog runs a test on a MariaDB and a MySQL that have a binary log.
func eachWithBinlog(t *testing.T, test func(*testing.T, *testenv.Server)) {
	t.Run("mariadb", func(t *testing.T) { test(t, withBinlog(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, testenv.SharedMySQL(t)) })
}

// mayReadBinlogs are the grants for SHOW BINARY LOGS.
func mayReadBinlogs(s *testenv.Server) string {
	if s.Kind() == sandbox.MariaDB {
		return "GRANT BINLOG MONITOR ON *.* TO {user}"
	}
	return "GRANT REPLICATION CLIENT ON *.* TO {user}"
}

// sourceData is the option that makes a dump know its place in the log.
func sourceData(s *testenv.Server) string {
	if s.Kind() == sandbox.MariaDB {
		return "--master-data=2"
	}
	return "--source-data=2"
}

// streamed begins to copy the server's logs from one on, with its own tool, until the
// returned function ends that.
func streamed(t *testing.T, s *testenv.Server, from, dir string) (end func()) {
	t.Helper()
	program := testenv.Tool(t, sandbox.New, "mysqlbinlog")
	if s.Kind() == sandbox.MariaDB {
		program = testenv.Tool(t, sandbox.Old, "mariadb-binlog")
	}
	c := command(t, program, "--defaults-file="+loginFile(t, s), "--read-from-remote-server", "--raw", "--stop-never",
		"--result-file="+dir+"/", from)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		_ = c.Process.Kill()
		_ = c.Wait()
		// The server notices only when it has something to send, and keeps the log until then.
		const threads = "SELECT COALESCE(MIN(ID), 0) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
		testenv.Eventually(t, 10*time.Second, "the server has let go of the logs", func() error {
			id := testenv.Value[int](t, s, threads)
			if id == 0 {
				return nil
			}
			s.Exec(t, fmt.Sprint("KILL ", id))
			return fmt.Errorf("thread %d goes on", id)
		})
	}
	t.Cleanup(func() {
		end()
		if t.Failed() {
			t.Log("the copying tool said:", complaint.String())
		}
	})
	return end
}

// binaryLogs are the names of the server's logs.
func logsOf(t *testing.T, s *testenv.Server) (dir string, names []string) {
	t.Helper()
	base := testenv.Value[string](t, s, "SELECT @@log_bin_basename")
	index, err := os.ReadFile(base + ".index")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(index)) {
		names = append(names, filepath.Base(strings.TrimSpace(line)))
	}
	return filepath.Dir(base), names
}

// lastEvent is when the last event of a copied log was written, by its own tool's
// count of seconds.
func lastEvent(t *testing.T, path string) float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	scanned, err := binlog.Scan(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return float64(scanned.Last.Unix())
}

// second waits until the server's clock shows another second, so that events tell
// which came first.
func second(t *testing.T, s *testenv.Server) {
	t.Helper()
	testenv.Value[int](t, s, "SELECT SLEEP(1.05)")
}

const (
	untilArchive = `dbsync_backup_recoverable_until_timestamp_seconds{backup="nightly",method="mysqldump",source="archive"}`
	untilServer  = `dbsync_backup_recoverable_until_timestamp_seconds{backup="nightly",method="mysqldump",source="server"}`
	untilBackup  = `dbsync_backup_recoverable_until_timestamp_seconds{backup="nightly",method="mysqldump",source="backup"}`
)

func TestRecoverableUntilFollowsTheArchive(t *testing.T) {
	eachWithBinlog(t, func(t *testing.T, s *testenv.Server) {
		schema, dir, dumps := s.Schema(t), t.TempDir(), t.TempDir()
		insert := func() { s.Exec(t, "INSERT INTO "+schema+".t VALUES (1)") }
		s.Exec(t, "CREATE TABLE "+schema+".t (a INT)", "FLUSH LOGS")
		server, names := logsOf(t, s)
		write(t, dumps+"/1.sql", output(t, dumper(t, s, sourceData(s), "--databases", schema), nil), 0)

		var now clock
		e := monitored(t, s, &now, mayReadBinlogs(s))
		look := looking(t, e.target, Options{
			Backups:  []Backup{{Name: "nightly", Method: "mysqldump", Path: dumps + "/*", Trailer: true, MaxDataLoss: time.Hour}},
			Archives: []Archive{{Path: dir}},
		})
		labelled := func(name string, more ...string) string {
			return name + "{" + strings.Join(append([]string{fmt.Sprintf("archive=%q", dir)}, more...), ",") + "}"
		}
		got := look()
		got.want(t, 1, `dbsync_backup_position_known{backup="nightly",method="mysqldump"}`)
		got.want(t, 3600, `dbsync_backup_expected_recovery_point_seconds{backup="nightly",method="mysqldump"}`)
		got.want(t, 1, `dbsync_binlog_server_visible{}`)
		got.absent(t, untilArchive) // nothing is archived
		if got[untilServer] < got[untilBackup] || got[untilBackup] == 0 {
			t.Errorf("the server reaches %v, the backup %v", got[untilServer], got[untilBackup])
		}
		if got[labelled("dbsync_binlog_archive_lag_bytes")] == 0 {
			t.Error("an empty archive lacks nothing")
		}

		// The server's own tool copies while the server goes on.
		first := names[len(names)-1]
		end := streamed(t, s, first, dir)
		for range 3 {
			insert()
			s.Exec(t, "FLUSH LOGS")
		}
		second(t, s)
		insert()
		var caught scraped
		testenv.Eventually(t, 20*time.Second, "the archive has all", func() error {
			caught = look()
			if lag, ok := caught[labelled("dbsync_binlog_archive_lag_bytes")]; lag != 0 || !ok {
				return fmt.Errorf("it lacks %v bytes (known: %v)", lag, ok)
			}
			return nil
		})
		caught.want(t, 3, labelled("dbsync_binlog_archive_files", `state="complete"`))
		caught.want(t, 1, labelled("dbsync_binlog_archive_files", `state="open"`))
		if until := caught[untilArchive]; until < got[untilServer] || until != caught[untilServer] {
			t.Errorf("an archive that has all reaches %v, the server %v, before %v", until, caught[untilServer], got[untilServer])
		}
		end()

		// Without the tool the archive stays behind: at its last event, to the second.
		_, names = logsOf(t, s)
		open := names[len(names)-1]
		last := lastEvent(t, dir+"/"+open)
		second(t, s)
		insert()
		s.Exec(t, "FLUSH LOGS")
		insert()
		late := look()
		late.want(t, last, untilArchive)
		late.want(t, last, labelled("dbsync_binlog_archive_last_event_timestamp_seconds"))
		late.want(t, 1, labelled("dbsync_binlog_archive_lag_files"))
		if late[untilServer] <= last {
			t.Errorf("the server reaches %v", late[untilServer])
		}

		// Copied as files, one compressed, it reaches on with each.
		_, names = logsOf(t, s)
		from := slices.Index(names, open)
		for _, name := range names[from:] {
			copyFile(t, server+"/"+name, dir+"/"+name)
		}
		look().want(t, 0, labelled("dbsync_binlog_archive_lag_bytes"))
		zip := exec.CommandContext(t.Context(), "gzip", dir+"/"+names[from])
		if err := zip.Run(); err != nil {
			t.Fatal(err)
		}
		look().want(t, 0, labelled("dbsync_binlog_archive_lag_bytes"))

		// A hole in the middle cuts it right there, whatever comes behind.
		second1 := names[from-2]
		before := lastEvent(t, dir+"/"+names[from-3])
		remove(t, dir+"/"+second1)
		holed := look()
		holed.want(t, 1, labelled("dbsync_backup_binlog_archive_gap", fmt.Sprintf("first_file=%q", second1), fmt.Sprintf("last_file=%q", second1)))
		if want := max(before, holed[untilBackup]); holed[untilArchive] != want {
			t.Errorf("with a hole it reaches %v, want %v", holed[untilArchive], want)
		}
		// The server has what is missing, until it purges it.
		if holed[untilServer] <= last {
			t.Errorf("with the server's logs it reaches %v", holed[untilServer])
		}
		purge(t, s)
		purged := look()
		if want := max(before, purged[untilBackup]); purged[untilArchive] != want {
			t.Errorf("with a hole it reaches %v, want %v", purged[untilArchive], want)
		}
		purged.absent(t, untilServer)

		// A newer backup does not need what is missing.
		second(t, s)
		write(t, dumps+"/2.sql", output(t, dumper(t, s, sourceData(s), "--databases", schema), nil), 0)
		copyFile(t, server+"/"+names[len(names)-1], dir+"/"+names[len(names)-1])
		fresh := look()
		if fresh[untilArchive] < fresh[untilBackup] || fresh[untilServer] < fresh[untilArchive] {
			t.Errorf("a fresh backup reaches %v, %v, %v", fresh[untilBackup], fresh[untilArchive], fresh[untilServer])
		}
		// Without the older one nobody needs what is missing.
		remove(t, dumps+"/1.sql")
		look().absent(t, labelled("dbsync_backup_binlog_archive_gap", fmt.Sprintf("first_file=%q", second1), fmt.Sprintf("last_file=%q", second1)))

		// What the server purges before it was archived is a gap, too.
		archived := names[len(names)-1]
		for range 3 {
			s.Exec(t, "FLUSH LOGS")
		}
		_, names = logsOf(t, s)
		lost := names[slices.Index(names, archived)+1 : len(names)-1]
		purge(t, s)
		look().want(t, float64(len(lost)), labelled("dbsync_backup_binlog_archive_gap",
			fmt.Sprintf("first_file=%q", lost[0]), fmt.Sprintf("last_file=%q", lost[len(lost)-1])))
	})
}

// purge removes all logs of the server but the current one. MariaDB keeps those that
// a crash would still need, which its next checkpoint changes.
func purge(t *testing.T, s *testenv.Server) {
	t.Helper()
	testenv.Eventually(t, 20*time.Second, "the server has purged its logs", func() error {
		_, names := logsOf(t, s)
		if len(names) == 1 {
			return nil
		}
		s.Exec(t, "PURGE BINARY LOGS TO '"+names[len(names)-1]+"'")
		return fmt.Errorf("there are %v", names)
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, content, 0)
}
