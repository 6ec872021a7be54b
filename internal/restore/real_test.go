// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestDumpsForAReplica are those that carry a place in the binary log and the statements that would go on from there.
func TestDumpsForAReplica(t *testing.T) {
	test := func(t *testing.T, s *testenv.Server, args ...string) {
		schema := company(t, s)
		dump := dumpOf(t, s, append(args, "--databases", schema)...)
		if !strings.Contains(string(dump), "\nCHANGE ") {
			t.Fatalf("no CHANGE MASTER in\n%.2000s", dump)
		}
		path := write(t, filepath.Join(folder(t), "replica.sql"), dump)
		v, err := tested(t, Options{Method: "mysqldump", Live: liveServer(t, s)}, path, "")
		wantRestorable(t, v, err)
	}
	t.Run("mariadb", func(t *testing.T) {
		s := testenv.MariaDB(t, testenv.WithFlags("--log-bin=binlog", "--server-id=1"))
		test(t, s, "--single-transaction", "--master-data=1", "--gtid", "--system=users,timezones")
	})
	t.Run("mysql", func(t *testing.T) {
		s := testenv.MySQL(t, testenv.WithFlags("--log-bin=binlog", "--server-id=1", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"))
		test(t, s, "--single-transaction", "--source-data=1", "--set-gtid-purged=ON")
	})
}

func TestLiveServerThatShowsNothingIsNoVerdict(t *testing.T) {
	s := testenv.SharedMariaDB(t)
	schema := company(t, s)
	path := write(t, filepath.Join(folder(t), "nightly.sql"), dumpOf(t, s, schema))
	account := s.Grant(t, "blind", "GRANT PROCESS ON *.* TO {user}")
	blind, err := mysqld.New(mysqld.Options{
		Address: s.Addr(), User: account.Name, Password: func() (string, error) { return account.Password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer blind.Close()
	_, err = tested(t, Options{Method: "mysqldump", Live: blind}, path, "")
	if err == nil || !strings.Contains(err.Error(), "GRANT") && !strings.Contains(err.Error(), "granted SELECT ON `"+schema+"`.*") {
		t.Errorf("got %v", err)
	}
}

func TestMessagesQuoteNoData(t *testing.T) {
	for message, want := range map[*mysql.MySQLError]string{
		{Number: 1062, Message: "Duplicate entry 'it's hunter2' for key 'PRIMARY'"}: "error 1062: Duplicate entry '…'",
		{Number: 1064, Message: "You have an error near 'IDENTIFIED BY 'hunter2"}:   "error 1064: You have an error near '…'",
		{Number: 1146, Message: "Table 'erp.invoice' doesn't exist"}:                "error 1146: Table 'erp.invoice' doesn't exist",
	} {
		if got := discreet(message); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := discreet(errors.New("plain")); got != "plain" {
		t.Errorf("got %q", got)
	}
}
