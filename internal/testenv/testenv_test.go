// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv_test

import (
	"context"
	"errors"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestSharedServerIsOneServer(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY)", "INSERT INTO "+schema+".t VALUES (7)")
		if id := testenv.Value[int](t, server, "SELECT id FROM "+schema+".t"); id != 7 {
			t.Errorf("read %d", id)
		}
	})
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		left := testenv.Value[int](t, server, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 't%'")
		if left != 0 {
			t.Errorf("%d schemas of an earlier test are left", left)
		}
	})
	if first, again := testenv.SharedMariaDB(t), testenv.SharedMariaDB(t); first.PID() != again.PID() {
		t.Error("two servers for the same options")
	}
}

func TestGrantGivesThatAndNoMore(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "reader", "GRANT SELECT ON mysql.* TO {user}")
		db := server.OpenAs(t, account)
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM mysql.user").Scan(&n); err != nil {
			t.Errorf("what was granted: %v", err)
		}
		if _, err := db.ExecContext(t.Context(), "CREATE DATABASE nope"); err == nil {
			t.Error("what was not granted: done")
		}
	})
}

func TestOwnServerTakesFlags(t *testing.T) {
	server := testenv.MariaDB(t, testenv.WithFlags("--performance-schema=ON"))
	if on := testenv.Value[bool](t, server, "SELECT @@performance_schema"); !on {
		t.Error("performance_schema is off")
	}
}

func TestOwnServerIsGoneAfterTheTest(t *testing.T) {
	var dir string
	t.Run("test", func(t *testing.T) { dir = testenv.MariaDB(t).Dir() })
	if dir == "" {
		t.Skip("no server")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder %s is left: %v", dir, err)
	}
}

// verdict records how a test ended, in place of ending it.
type verdict struct {
	testing.TB
	said string
}

type ended struct{}

func (v *verdict) Helper()           {}
func (v *verdict) Skip(args ...any)  { v.end("skip", args) }
func (v *verdict) Fatal(args ...any) { v.end("fail", args) }
func (v *verdict) end(how string, args []any) {
	v.said = how
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			v.said += ": " + err.Error()
		}
	}
	panic(ended{})
}

func judge(t *testing.T, body func(testing.TB)) (said string) {
	t.Helper()
	v := &verdict{TB: t}
	defer func() {
		if r := recover(); r != nil && r != (ended{}) {
			panic(r)
		}
		said = v.said
	}()
	body(v)
	return v.said
}

func TestMissingProgramSkipsAndFailsInCI(t *testing.T) {
	t.Setenv("DBSYNC_SID", t.TempDir())
	require := func(tb testing.TB) { testenv.Tool(tb, sandbox.New, "mysqld") }

	t.Setenv("CI", "")
	if said := judge(t, require); !strings.HasPrefix(said, "skip") || !strings.Contains(said, "make deps") {
		t.Errorf("on a desk: %q", said)
	}
	t.Setenv("CI", "true")
	if said := judge(t, require); !strings.HasPrefix(said, "fail") || !strings.Contains(said, "make deps") {
		t.Errorf("in CI: %q", said)
	}
}

func TestEventuallyWaits(t *testing.T) {
	calls := 0
	testenv.Eventually(t, 10*time.Second, "three calls", func() error {
		if calls++; calls < 3 {
			return errors.New("too few")
		}
		return nil
	})
}

func TestReceivers(t *testing.T) {
	mailbox, hook := testenv.Mailbox(t), testenv.Hook(t)
	text := "Subject: disk is full\r\n\r\nreally\r\n"
	if err := smtp.SendMail(mailbox.Addr(), nil, "a@example.org", []string{"b@example.org"}, []byte(text)); err != nil {
		t.Fatal(err)
	}
	mailbox.WaitFor(t, 10*time.Second, "mail", func(m inbox.Mail) bool { return m.Subject == "disk is full" })

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook.URL()+"/slack", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	hook.WaitFor(t, 10*time.Second, "post", func(p inbox.Post) bool { return p.Path == "/slack" })
}

func TestMonitoring(t *testing.T) {
	dir := t.TempDir()
	prometheusFile, alertmanagerFile := filepath.Join(dir, "prometheus.yml"), filepath.Join(dir, "alertmanager.yml")
	writeFile(t, prometheusFile, "global: {scrape_interval: 5s}\n")
	writeFile(t, alertmanagerFile, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			prometheus := testenv.Prometheus(t, edition, prometheusFile, "--storage.tsdb.retention.time=90d")
			alertmanager := testenv.Alertmanager(t, edition, alertmanagerFile, "--data.retention=2160h")
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := errors.Join(prometheus.Reload(ctx), alertmanager.Reload(ctx)); err != nil {
				t.Error(err)
			}
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
