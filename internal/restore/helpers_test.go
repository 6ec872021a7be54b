// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// secret is data of the company that no message may quote.
const secret = "hunter2-of-the-boss"

// company fills a schema with little of everything that a dump can hold.
func company(t testing.TB, s *testenv.Server) (schema string) {
	t.Helper()
	schema = s.Schema(t)
	in := func(statement string) string { return strings.ReplaceAll(statement, "{}", schema) }
	s.Exec(t,
		in("CREATE TABLE {}.customer (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80), photo BLOB) CHARACTER SET utf8mb4"),
		in("CREATE TABLE {}.invoice (id INT PRIMARY KEY AUTO_INCREMENT, customer INT, note TEXT, FOREIGN KEY (customer) REFERENCES {}.customer (id)) CHARACTER SET utf8mb4"),
		in("CREATE TABLE {}.audit (at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, what VARCHAR(80)) CHARACTER SET utf8mb4"),
		in("INSERT INTO {}.customer (name, photo) VALUES ('Miller; -- ''s', X'00275C0A3B0A2F2A'), ('"+secret+"', NULL), ('Müller 米勒 😀', X'FF')"),
		in("INSERT INTO {}.invoice (customer, note) SELECT c.id, CONCAT('/* ; */ \\\\ \" ` \\n;\\n-- x ', d.id) FROM {}.customer c, {}.customer d, {}.customer e, {}.customer f"),
		in("CREATE VIEW {}.open_invoice AS SELECT i.id, c.name FROM {}.invoice i JOIN {}.customer c ON c.id = i.customer"),
		in("CREATE TRIGGER {}.invoice_audit AFTER INSERT ON {}.invoice FOR EACH ROW BEGIN\n  -- don't stop here;\n  INSERT INTO {}.audit (what) VALUES ('a;b');\n  INSERT INTO {}.audit (what) VALUES (NEW.note); END"),
		in("CREATE PROCEDURE {}.tidy() BEGIN DELETE FROM {}.audit; SELECT 1; END"),
	)
	return schema
}

// dumpOf is what the server's own program dumps.
func dumpOf(t testing.TB, s *testenv.Server, args ...string) []byte {
	t.Helper()
	program := testenv.Tool(t, sandbox.New, "mysqldump")
	if s.Kind() == sandbox.MariaDB {
		program = testenv.Tool(t, sandbox.Old, "mariadb-dump")
	}
	return output(t, program, nil, append([]string{"--defaults-file=" + loginFile(t, s)}, args...)...)
}

func loginFile(t testing.TB, s *testenv.Server) string {
	t.Helper()
	admin := s.AdminConfig()
	return write(t, filepath.Join(t.TempDir(), "login.cnf"),
		fmt.Appendf(nil, "[client]\nuser=%s\npassword=%s\nsocket=%s\n", admin.User, admin.Passwd, admin.Addr))
}

func output(t testing.TB, program sandbox.Program, input []byte, args ...string) []byte {
	t.Helper()
	path, argv := program.Command(args...)
	c := exec.CommandContext(t.Context(), path, argv...)
	var complaint strings.Builder
	c.Stderr, c.Stdin = &complaint, bytes.NewReader(input)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", c.Args, err, complaint.String())
	}
	return out
}

func write(t testing.TB, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// old makes a file one that nobody writes to any more.
func old(t testing.TB, path string) string {
	t.Helper()
	at := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	return path
}

// tested tests the newest backup that matches the pattern, and looks whether anything is left behind.
func tested(t testing.TB, o Options, pattern, id string) (Verdict, error) {
	t.Helper()
	target := &collector.Target{Name: "t", Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	inspector, err := backup.NewInspector(backup.Backup{Name: "nightly", Method: o.Method, Path: pattern, Trailer: true}, backup.Options{}, target)
	if err != nil {
		t.Fatal(err)
	}
	o.Backup, o.TempDir, o.Memory = "nightly", folder(t), 16<<20
	o.Chain, err = inspector.Chain(t.Context(), id, func(_, _ int64) {})
	if err != nil {
		return Verdict{}, err
	}
	v, err := Run(t.Context(), o)
	nothingIn(t, o.TempDir)
	if text := fmt.Sprintf("%+v %v", v, err); strings.Contains(text, secret) {
		t.Errorf("it quotes data: %s", text)
	}
	return v, err
}

// folder is a short one that everybody may pass, for sockets and servers.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func nothingIn(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind in %s: %v, %v", dir, entries, err)
	}
}

func wantRestorable(t testing.TB, v Verdict, err error) {
	t.Helper()
	if err != nil || !v.Restorable {
		t.Fatalf("got %+v, %v", v, err)
	}
}

// wantProblem looks for a problem of that kind which names all of the words.
func wantProblem(t testing.TB, v Verdict, err error, kind ProblemKind, words ...string) {
	t.Helper()
	if err != nil || v.Restorable {
		t.Fatalf("restorable: %v, %v, %+v", v.Restorable, err, v)
	}
	found := slices.ContainsFunc(v.Problems, func(p Problem) bool {
		return p.Kind == kind && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(p.Error(), w) })
	})
	if !found {
		t.Errorf("no %s with %q among %+v", kind, words, v.Problems)
	}
}

// liveServer is the server as the exporter sees it.
func liveServer(t testing.TB, s *testenv.Server) collector.Server {
	t.Helper()
	admin := s.AdminConfig()
	server, err := mysqld.New(mysqld.Options{
		Address: "unix://" + admin.Addr, User: admin.User, Password: func() (string, error) { return admin.Passwd, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}
