// SPDX-License-Identifier: Apache-2.0

//go:build unix

package mysql

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// ptHeartbeat starts the real tool on the server, in the time zone, until the returned
// function or the end of the test.
func ptHeartbeat(t *testing.T, server *testenv.Server, schema, zone string, args ...string) (stop func()) {
	t.Helper()
	edition := sandbox.Tools
	if server.Kind() == sandbox.MySQL {
		edition = sandbox.New
	}
	account := server.Grant(t, fmt.Sprintf("beat%d", time.Now().UnixNano()%1e9), "GRANT ALL ON *.* TO {user}")
	command := testenv.Toolkit(t, edition, "pt-heartbeat", append([]string{
		"--update", "--create-table", "--interval=0.2", "--database=" + schema,
		fmt.Sprintf("S=%s,u=%s,p=%s", server.Socket(), account.Name, account.Password),
	}, args...)...)
	command.Env = append(command.Env, "TZ="+zone)
	output, err := os.Create(filepath.Join(t.TempDir(), "output")) // it writes while we read
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	running := true
	stop = func() {
		if running {
			running = false
			_ = command.Process.Kill()
			_ = command.Wait()
		}
	}
	t.Cleanup(stop)
	testenv.Eventually(t, 30*time.Second, "it beats", func() error {
		if said, err := os.ReadFile(output.Name()); err != nil || len(said) > 0 {
			t.Fatalf("pt-heartbeat: %s %v", said, err)
		}
		return server.Open().QueryRowContext(t.Context(), // The row that comes with the table has the server's own time.
			"SELECT server_id FROM "+schema+".heartbeat WHERE ts LIKE '%T%'").Scan(new(int))
	})
	return stop
}

// heartbeatLag is the lag by the only row, and whether there is one.
func (f families) heartbeatLag(server string) (float64, bool) {
	stored, isStored := f.value("mysql_heartbeat_stored_timestamp_seconds", "server_id", server)
	now, isNow := f.value("mysql_heartbeat_now_timestamp_seconds", "server_id", server)
	return now - stored, isStored && isNow
}

func TestHeartbeat(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		id := fmt.Sprint(testenv.Value[int](t, server, "SELECT @@server_id"))
		account := server.Grant(t, "heartbeats", "GRANT SELECT ON "+schema+".* TO {user}")
		look := func(where HeartbeatTable) families {
			return newScraper(t, login(t, server, account), Heartbeat(where))()
		}
		if got := look(HeartbeatTable{}); got.skipped("mysql.heartbeat") != collector.Unconfigured {
			t.Error("without a table it is not skipped as unconfigured")
		}

		stop := ptHeartbeat(t, server, schema, "Asia/Shanghai", "--utc")
		for _, where := range []HeartbeatTable{{UTC: true}, {Schema: schema, Name: "heartbeat", UTC: true}} {
			got := look(where)
			got.mustSucceed(t)
			lint(t, got)
			if lag, known := got.heartbeatLag(id); !known || lag < -1 || lag > 5 {
				t.Errorf("%+v: lag %v (%t)", where, lag, known)
			}
			now, _ := got.value("mysql_heartbeat_now_timestamp_seconds", "server_id", id)
			if off := time.Since(time.UnixMilli(int64(now * 1000))); off.Abs() > time.Minute {
				t.Errorf("the server's clock is %v off", off)
			}
		}
		stop()
		before, _ := look(HeartbeatTable{UTC: true}).heartbeatLag(id)
		testenv.Eventually(t, 10*time.Second, "the lag grows", func() error {
			if lag, known := look(HeartbeatTable{UTC: true}).heartbeatLag(id); !known || lag < before+0.5 {
				return fmt.Errorf("lag %v (%t), before %v", lag, known, before)
			}
			return nil
		})

		// The local time of the tool's host: right in the server's zone, refused when it cannot be.
		server.Exec(t, "DROP TABLE "+schema+".heartbeat")
		stop = ptHeartbeat(t, server, schema, "Asia/Shanghai")
		server.Exec(t, "SET GLOBAL time_zone = '+08:00'")
		t.Cleanup(func() { server.Exec(t, "SET GLOBAL time_zone = 'SYSTEM'") })
		got := look(HeartbeatTable{})
		got.mustSucceed(t)
		if lag, known := got.heartbeatLag(id); !known || lag < -1 || lag > 5 {
			t.Errorf("in the server's zone: lag %v (%t)", lag, known)
		}
		server.Exec(t, "SET GLOBAL time_zone = '+00:00'")
		got = look(HeartbeatTable{})
		got.want(t, 0, "dbsync_source_success", "collector", "mysql.heartbeat", "source", schema+".heartbeat")
		if lag, known := got.heartbeatLag(id); known {
			t.Errorf("8 hours ahead is a lag of %v", lag)
		}
		stop()
	})
}

// TestHeartbeatLooksAgain: a table that comes later, and one that went.
func TestHeartbeatLooksAgain(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	schema := server.Schema(t)
	account := server.Grant(t, "laterbeats", "GRANT SELECT ON "+schema+".* TO {user}")
	scrape := newScraper(t, login(t, server, account), Heartbeat(HeartbeatTable{UTC: true}))
	scrape()
	const columns = " (ts varchar(26) NOT NULL, server_id int unsigned NOT NULL PRIMARY KEY, file varchar(255), position bigint unsigned)"
	server.Exec(t, "CREATE TABLE "+schema+".heartbeat"+columns,
		"INSERT INTO "+schema+".heartbeat VALUES ('"+time.Now().UTC().Add(-time.Minute).Format("2006-01-02T15:04:05.000000")+"', 7, NULL, NULL)")
	if lag, known := scrape().heartbeatLag("7"); !known || lag < 59 || lag > 120 {
		t.Errorf("lag %v (%t)", lag, known)
	}
	server.Exec(t, "DROP TABLE "+schema+".heartbeat")
	scrape()
	if got := scrape(); got.skipped("mysql.heartbeat") != collector.Unconfigured {
		t.Error("the table is gone, and the collector is not skipped")
	}
	server.Exec(t, "CREATE TABLE "+schema+".heartbeat (ts varchar(26), server_id int, other int)")
	if got := scrape(); got.skipped("mysql.heartbeat") != collector.Unconfigured {
		t.Error("a table of somebody else is read")
	}
}
