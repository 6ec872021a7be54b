// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// clock is the system's, moved by what a test says.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

// testEnv is what a source reads from in a test.
func testEnv(c *clock) *env {
	target := &collector.Target{Name: "t", Now: c.now, Logger: slog.New(slog.DiscardHandler)}
	return &env{target: target, limiter: newLimiter(1 << 30)}
}

// dumps returns the source of the dumps that match the pattern.
func dumps(c *clock, pattern string, trailer bool) *fileSource {
	b := Backup{Name: "nightly", Method: "mysqldump", Path: pattern, Trailer: trailer, MaxDuration: 10 * time.Minute}
	return mysqldump().open(b, testEnv(c), &method{}).(*fileSource)
}

// judged looks, reads all that is to be read, and returns the runs by base name.
func judged(t testing.TB, s *fileSource) map[string]Run {
	t.Helper()
	if _, err := s.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		more, err := s.readNext(t.Context(), func(_, _ int64) {})
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	h, err := s.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runs := map[string]Run{}
	for _, r := range h.runs {
		runs[filepath.Base(r.ID)] = r
	}
	return runs
}

func wantStatus(t testing.TB, runs map[string]Run, name string, want Status) Run {
	t.Helper()
	r, ok := runs[name]
	if !ok {
		t.Fatalf("%s is not among %v", name, slices.Collect(maps.Keys(runs)))
	}
	if r.Status != want {
		t.Errorf("%s is %q (%s), want %q", name, r.Status, r.Evidence, want)
	}
	return r
}

// write makes a file that was last written to at the given age.
func write(t testing.TB, path string, content []byte, age time.Duration) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	return path
}

// erp fills a schema of the server with enough for a dump of a megabyte.
func erp(t testing.TB, s *testenv.Server) string {
	t.Helper()
	schema := s.Schema(t)
	db := open(t, s)
	defer db.Close()
	db.SetMaxOpenConns(1)
	statements := []string{
		"USE " + schema,
		"CREATE TABLE invoice (id INT PRIMARY KEY AUTO_INCREMENT, customer VARCHAR(40), note VARCHAR(200))",
		"INSERT INTO invoice (customer, note) VALUES ('Miller', REPEAT('-- Dump completed ', 9))",
	}
	for range 12 {
		statements = append(statements, "INSERT INTO invoice (customer, note) "+
			"SELECT LEFT(SHA2(RAND(), 256), 40), CONCAT(SHA2(RAND(), 256), SHA2(RAND(), 256), SHA2(RAND(), 256)) FROM invoice")
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return schema
}

// open logs in as the server's administrator.
func open(t testing.TB, s *testenv.Server) *sql.DB {
	t.Helper()
	connector, err := mysql.NewConnector(s.AdminConfig())
	if err != nil {
		t.Fatal(err)
	}
	return sql.OpenDB(connector)
}

// dumper is the server's own dump program with a login.
func dumper(t testing.TB, s *testenv.Server, args ...string) *exec.Cmd {
	t.Helper()
	var program sandbox.Program
	if s.Kind() == sandbox.MariaDB {
		program = testenv.Tool(t, sandbox.Old, "mariadb-dump")
	} else {
		program = testenv.Tool(t, sandbox.New, "mysqldump")
	}
	return command(t, program, append([]string{"--defaults-file=" + loginFile(t, s)}, args...)...)
}

func loginFile(t testing.TB, s *testenv.Server) string {
	t.Helper()
	admin := s.AdminConfig()
	text := fmt.Sprintf("[client]\nuser=%s\npassword=%s\nsocket=%s\n", admin.User, admin.Passwd, admin.Addr)
	path := filepath.Join(t.TempDir(), "login.cnf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func command(t testing.TB, program sandbox.Program, args ...string) *exec.Cmd {
	t.Helper()
	path, argv := program.Command(args...)
	return exec.CommandContext(t.Context(), path, argv...)
}

// noise is text that does not compress well.
func noise(size int) string {
	random := make([]byte, size/2)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

// output runs a command to its end, with an input when there is one.
func output(t testing.TB, c *exec.Cmd, input []byte) []byte {
	t.Helper()
	var complaint strings.Builder
	c.Stderr = &complaint
	if input != nil {
		c.Stdin = bytes.NewReader(input)
	}
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", c.Args, err, complaint.String())
	}
	return out
}

// killed runs a command until it has written so much, and kills it.
func killed(t testing.TB, c *exec.Cmd, after int64) []byte {
	t.Helper()
	pipe, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := io.CopyN(&out, pipe, after); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, pipe) // what was on its way when it died
	_ = c.Wait()
	return out.Bytes()
}

// compressors are the programs that people pipe dumps through.
func compressors(t testing.TB) map[string]func([]byte) []byte {
	t.Helper()
	all := map[string]func([]byte) []byte{".sql": func(b []byte) []byte { return b }}
	for suffix, name := range map[string]string{".gz": "gzip", ".zst": "zstd", ".lz4": "lz4", ".xz": "xz", ".bz2": "bzip2"} {
		program, err := sandbox.Find(sandbox.Old, name)
		if err != nil && name == "bzip2" { // of no importance
			continue
		}
		testenv.Require(t, program, err)
		args := []string{"-c", "-1"}
		if name == "lz4" {
			args = []string{"-c", "-1", "-", "-"}
		}
		all[".sql"+suffix] = func(b []byte) []byte { return output(t, command(t, program, args...), b) }
	}
	return all
}

// scraped is what one scrape gave, by name and labels: name{a="b",c="d"}.
type scraped map[string]float64

// watching starts a collector of the options and ends it with the test.
func watching(t testing.TB, target *collector.Target, opts Options) func() scraped {
	t.Helper()
	return watchingOf(t, target, Definition(opts))
}

func watchingOf(t testing.TB, target *collector.Target, d collector.Definition) func() scraped {
	t.Helper()
	s, err := collector.NewScraper(target, []collector.Definition{d})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return func() scraped {
		got := scraped{}
		for _, family := range s.Scrape(t.Context()) {
			for _, m := range family.Metric {
				var labels []string
				for _, l := range m.Label {
					if l.GetName() != "collector" {
						labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
					}
				}
				got[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
		return got
	}
}

func (s scraped) want(t testing.TB, value float64, series string) {
	t.Helper()
	if got, ok := s[series]; !ok || got != value {
		t.Errorf("%s = %v (there: %v), want %v", series, got, ok, value)
	}
}

func (s scraped) absent(t testing.TB, series string) {
	t.Helper()
	if got, ok := s[series]; ok {
		t.Errorf("%s = %v, want it absent", series, got)
	}
}
