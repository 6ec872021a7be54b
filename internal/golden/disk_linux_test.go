// SPDX-License-Identifier: Apache-2.0

package golden_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// diskFull: the server may not make any file longer than its longest one, which is
// what a full disk is to it. That it cannot write is nothing to who only reads.
func diskFull(t *testing.T, server *testenv.Server, _ account, r *running, _ string) {
	if server.Kind() == sandbox.MariaDB {
		t.Skip("MariaDB ends itself when it cannot write its log: that is the test of killed servers")
	}
	schema := server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".filler (text LONGTEXT)")
	fill := func() error {
		_, err := server.Open().ExecContext(t.Context(), "INSERT INTO "+schema+".filler VALUES (REPEAT('x', 4000000))")
		return err
	}
	limit := uint64(longest(t, server.DataDir()))
	var before unix.Rlimit
	if err := unix.Prlimit(server.PID(), unix.RLIMIT_FSIZE, nil, &before); err != nil {
		t.Fatal(err)
	}
	set := func(l unix.Rlimit) {
		if err := unix.Prlimit(server.PID(), unix.RLIMIT_FSIZE, &l, nil); err != nil {
			t.Fatal(err)
		}
	}
	set(unix.Rlimit{Cur: limit, Max: before.Max})
	full := false
	for range 64 {
		if full = fill() != nil; full {
			break
		}
	}
	if !full {
		t.Fatalf("the server writes beyond %d bytes", limit)
	}
	for range 3 {
		if err := wellOrError(r.mustScrape(10 * time.Second)); err != nil {
			t.Error(err)
		}
	}
	set(before)
	testenv.Eventually(t, 20*time.Second, "the server writes again", fill)
	r.become("all is well", 1)
}

// longest is the size of the longest file in a folder.
func longest(t *testing.T, dir string) (size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil {
			size = max(size, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}
