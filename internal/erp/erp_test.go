// SPDX-License-Identifier: Apache-2.0

//go:build unix

package erp_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// company creates the schema on the server, released migrations and all.
func company(t *testing.T, server *testenv.Server) erp.Migrator {
	t.Helper()
	server.Exec(t, "CREATE DATABASE "+erp.Schema)
	t.Cleanup(func() { server.Exec(t, "DROP DATABASE "+erp.Schema) })
	migrator := erp.Migrator{Config: server.AdminConfig(), Dir: t.TempDir()}
	if err := erp.WriteMigrations(migrator.Dir); err != nil {
		t.Fatal(err)
	}
	if err := migrator.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return migrator
}

func wantVersion(t *testing.T, migrator erp.Migrator, version uint, dirty bool) {
	t.Helper()
	v, d, err := migrator.Version(t.Context())
	if err != nil || v != version || d != dirty {
		t.Fatalf("version %d dirty %v (%v), want %d %v", v, d, err, version, dirty)
	}
}

func TestReleaseFailsAndIsRepaired(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		migrator := company(t, server)
		wantVersion(t, migrator, erp.ReleasedVersion, false)
		db, ctx := open(t, migrator), t.Context()
		prepare := errors.Join(erp.Seed(ctx, db), erp.DuplicateInvoices(ctx, db), erp.WriteRelease(migrator.Dir))
		if prepare != nil {
			t.Fatal(prepare)
		}
		if err := migrator.Up(ctx); err == nil || !strings.Contains(err.Error(), "Duplicate entry") {
			t.Fatalf("the release went through: %v", err)
		}
		wantVersion(t, migrator, erp.NextVersion, true)
		if err := migrator.Up(ctx); err == nil {
			t.Fatal("migrations run on a dirty history")
		}
		if err := repair(ctx, db, migrator); err != nil {
			t.Fatal(err)
		}
		wantVersion(t, migrator, erp.NextVersion, false)
		if err := migrator.Down(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if err := erp.RemoveRelease(migrator.Dir); err != nil {
			t.Fatal(err)
		}
		wantVersion(t, migrator, erp.ReleasedVersion, false)
		files, err := os.ReadDir(migrator.Dir)
		if err != nil || len(files) != 2*erp.ReleasedVersion {
			t.Errorf("%d files are left: %v", len(files), err)
		}
		if n := testenv.Value[int](t, server, "SELECT COUNT(*) FROM "+erp.Schema+".order_lines"); n < 3000 {
			t.Errorf("only %d order lines", n)
		}
	})
}

func TestTrafficWorks(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		migrator := company(t, server)
		db := open(t, migrator)
		if err := erp.Seed(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		before := testenv.Value[int](t, server, "SELECT COUNT(*) FROM "+erp.Schema+".orders")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		failures := make(chan error, 100)
		go func() {
			defer close(ended)
			traffic := erp.Traffic{DB: db, Every: time.Microsecond}
			traffic.Run(ctx, func(err error) { failures <- err })
		}()
		testenv.Eventually(t, 30*time.Second, "new orders", func() error {
			return more(testenv.Value[int](t, server, "SELECT COUNT(*) FROM "+erp.Schema+".orders"), before)
		})
		cancel()
		<-ended
		close(failures)
		for err := range failures {
			t.Error(err)
		}
	})
}
