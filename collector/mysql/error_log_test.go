// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

const logMessages = "dbsync_mysql_error_log_messages_total"

// verbosity lets the server log notes, too, as long as the test runs.
func verbosity(t testing.TB, server *testenv.Server) {
	t.Helper()
	server.Exec(t, "SET GLOBAL log_error_verbosity = 3")
	t.Cleanup(func() { server.Exec(t, "SET GLOBAL log_error_verbosity = 2") })
}

// refused tries to log in with a wrong password, which the server notes.
func refused(t testing.TB, server *testenv.Server, times int) {
	t.Helper()
	account := server.Grant(t, fmt.Sprint("refused", times))
	account.Password = "wrong"
	for range times {
		if err := server.OpenAs(t, account).PingContext(t.Context()); err == nil {
			t.Fatal("logged in by a wrong password")
		}
	}
}

// failToReplicate makes the receiver of a replica fail, which the server logs as
// an error.
func failToReplicate(t testing.TB, server *testenv.Server) {
	t.Helper()
	const channel = " FOR CHANNEL 'error_log_test'"
	server.Exec(t, "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1, SOURCE_CONNECT_RETRY = 600"+channel,
		"START REPLICA IO_THREAD"+channel)
	t.Cleanup(func() { server.Exec(t, "STOP REPLICA"+channel, "RESET REPLICA ALL"+channel) })
}

func TestErrorLogCountsNewMessages(t *testing.T) {
	server := testenv.SharedMySQL(t)
	verbosity(t, server)
	connection := record(t, server, errorLog())
	scrape := newScraper(t, connection, errorLog())
	first := scrape()
	first.mustSucceed(t)
	lint(t, first)
	for _, priority := range []string{"system", "error", "warning", "note"} {
		for _, subsystem := range []string{"server", "innodb", "repl"} {
			first.want(t, 0, logMessages, "priority", priority, "subsystem", subsystem)
		}
	}
	connection.take()

	refused(t, server, 3)
	until(t, scrape, "the refusals are counted", has(3, logMessages, "priority", "note", "subsystem", "server"))
	connection.take()
	scrape().want(t, 3, logMessages, "priority", "note", "subsystem", "server")
	if asked := connection.take(); !slices.Equal(asked, []string{newestMessage}) {
		t.Errorf("with nothing new asked %q", asked)
	}

	began := time.Now()
	failToReplicate(t, server)
	got := until(t, scrape, "the failure to replicate is counted", has(1, logMessages, "priority", "error", "subsystem", "repl"))
	at, ok := got.value("dbsync_mysql_error_log_last_error_timestamp_seconds")
	if !ok || at < float64(began.Unix())-1 || at > float64(time.Now().Unix())+1 {
		t.Errorf("the newest error is of %v (%t), it happened at %v", at, ok, began.Unix())
	}

	// An exporter that starts now counts from here, and knows when the newest error was.
	later := newScraper(t, connect(t, server, errorLog()), errorLog())()
	later.want(t, 0, logMessages, "priority", "error", "subsystem", "repl")
	later.want(t, at, "dbsync_mysql_error_log_last_error_timestamp_seconds")
}

func TestErrorLogIsMySQLsAlone(t *testing.T) {
	got := newScraper(t, record(t, sharedMariaDB(t), errorLog()), errorLog())()
	if reason := got.skipped("mysql.error_log"); reason != collector.Unsupported {
		t.Errorf("skipped for %q", reason)
	}
}

// TestErrorLogSurvivesARestart restarts the server, which fills the table again
// from the file.
func TestErrorLogSurvivesARestart(t *testing.T) {
	server := testenv.MySQL(t)
	verbosity(t, server)
	scrape := newScraper(t, record(t, server, errorLog()), errorLog())
	scrape().mustSucceed(t)
	refused(t, server, 2)
	until(t, scrape, "the refusals are counted", has(2, logMessages, "priority", "note", "subsystem", "server"))
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := until(t, scrape, "the start is counted", func(f families) error {
		if n, ok := f.value(logMessages, "priority", "system", "subsystem", "server"); !ok || n == 0 {
			return fmt.Errorf("%v messages of the system", n)
		}
		return nil
	})
	if n, _ := got.value(logMessages, "priority", "note", "subsystem", "server"); n < 2 {
		t.Errorf("%v notes after the restart", n)
	}
}

// TestErrorLogOfAnotherServer meets a server whose log ends before the one that
// was read: nothing of it is counted, and the count goes on from there.
func TestErrorLogOfAnotherServer(t *testing.T) {
	latest := func(micros string) answer {
		return answer{prefix: newestMessage, columns: []string{"n", "v"}, rows: [][]driver.Value{{"Error_log_latest_write", micros}}}
	}
	server := newFake(t, collector.MySQL, "9.7.0", latest("2000"),
		answer{prefix: newestError, columns: []string{"t"}, rows: [][]driver.Value{{nil}}},
		answer{prefix: "SELECT PRIO", columns: []string{"p", "s", "n", "t"}, rows: [][]driver.Value{{"Warning", "Server", "5", "0.001"}}})
	scrape := newScraper(t, server, errorLog())
	scrape().wantNone(t, "dbsync_mysql_error_log_last_error_timestamp_seconds")
	server.answers[0] = latest("1000")
	scrape().want(t, 0, logMessages, "priority", "warning", "subsystem", "server")
	server.answers[0] = latest("1500")
	scrape().want(t, 5, logMessages, "priority", "warning", "subsystem", "server")
}

func TestErrorLogThatCannotBeReadIsReadLater(t *testing.T) {
	latest := answer{prefix: newestMessage, columns: []string{"n", "v"}, rows: [][]driver.Value{{"Error_log_latest_write", "1000"}}}
	row := answer{prefix: "SELECT PRIO", columns: []string{"p", "s", "n", "t"}, rows: [][]driver.Value{{"Error", "InnoDB", "5", "0.0015"}}}
	server := newFake(t, collector.MySQL, "9.7.0", latest,
		answer{prefix: newestError, columns: []string{"t"}, rows: [][]driver.Value{{nil}}}, row)
	scrape := newScraper(t, server, errorLog())
	scrape().mustSucceed(t)
	server.answers[0].rows = [][]driver.Value{{"Error_log_latest_write", "2000"}}
	server.answers[2].err = fmt.Errorf("lost connection")
	failed := scrape()
	failed.wantNone(t, logMessages)
	failed.want(t, 0, "dbsync_collector_success", "collector", "mysql.error_log")
	server.answers[2].err = nil
	got := scrape()
	got.want(t, 5, logMessages, "priority", "error", "subsystem", "innodb")
	got.want(t, 0.0015, "dbsync_mysql_error_log_last_error_timestamp_seconds")
}
