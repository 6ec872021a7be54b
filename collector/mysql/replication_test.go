// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// patience is how long a replication thread may take for what takes it
// milliseconds on a machine with nothing else to do.
const patience = 30 * time.Second

// replica is a server, the source that it replicates from, and the words of its
// product for what the tests do.
type replica struct {
	*testenv.Server
	source *testenv.Server
	scrape func() families

	change, changeDead       string // points a channel at a source; dead: where nobody listens
	start, stop, stopApplier string
	forget                   string // RESET that keeps the settings
	delay                    string // with a number of seconds
}

// must scrapes until the check finds nothing wrong.
func (r *replica) must(t *testing.T, what string, check func(families) error) families {
	t.Helper()
	var got families
	testenv.Eventually(t, patience, what, func() error {
		got = r.scrape()
		got.mustSucceed(t)
		return check(got)
	})
	return got
}

// channelState is what the threads of a channel do, and whether the lag is known.
func channelState(channel string, io, sql, known float64) func(families) error {
	return func(got families) error {
		want := map[string]float64{
			"dbsync_replication_configured": 1, "dbsync_replication_io_running": io,
			"dbsync_replication_sql_running": sql, "dbsync_replication_lag_known": known,
		}
		for name, value := range want {
			if is, ok := got.value(name, "channel", channel); !ok || is != value {
				return fmt.Errorf("%s{channel=%q} is %v (one series: %t), want %v", name, channel, is, ok, value)
			}
		}
		if _, ok := got.value("dbsync_replication_lag_seconds", "channel", channel); ok != (known == 1) {
			return fmt.Errorf("lag of channel %q is there: %t", channel, ok)
		}
		return nil
	}
}

func TestReplicationMariaDB(t *testing.T) {
	source := testenv.MariaDB(t, testenv.WithFlags("--server-id=1", "--log-bin=bin"))
	r := &replica{
		Server: testenv.MariaDB(t, testenv.WithFlags("--server-id=2", "--log-bin=bin")), source: source,
		change: fmt.Sprintf("CHANGE MASTER TO master_host='127.0.0.1', master_port=%d, master_user='copier', "+
			"master_password='secret', master_use_gtid=slave_pos, master_connect_retry=1", source.Port()),
		changeDead: "CHANGE MASTER 'dead' TO master_host='127.0.0.1', master_port=1, master_user='copier', master_use_gtid=no",
		start:      "START ALL SLAVES", stop: "STOP ALL SLAVES", stopApplier: "STOP SLAVE SQL_THREAD",
		forget: "RESET SLAVE", delay: "CHANGE MASTER TO master_delay=%d",
	}
	testReplication(t, r)
}

func TestReplicationMySQL(t *testing.T) {
	flags := []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
	source := testenv.MySQL(t, testenv.WithFlags(append(flags, "--server-id=1")...))
	r := &replica{
		Server: testenv.MySQL(t, testenv.WithFlags(append(flags, "--server-id=2")...)), source: source,
		change: fmt.Sprintf("CHANGE REPLICATION SOURCE TO source_host='127.0.0.1', source_port=%d, source_user='copier', "+
			"source_password='secret', source_auto_position=1, get_source_public_key=1, source_connect_retry=1", source.Port()),
		changeDead: "CHANGE REPLICATION SOURCE TO source_host='127.0.0.1', source_port=1, source_user='copier' FOR CHANNEL 'dead'",
		start:      "START REPLICA", stop: "STOP REPLICA", stopApplier: "STOP REPLICA SQL_THREAD FOR CHANNEL ''",
		forget: "RESET REPLICA", delay: "CHANGE REPLICATION SOURCE TO source_delay=%d FOR CHANNEL ''",
	}
	testReplication(t, r)
}

// testReplication walks through the states of a replica, each from the one before.
func testReplication(t *testing.T, r *replica) {
	r.scrape = newScraper(t, connect(t, r.Server, replication()), replication())
	got := r.must(t, "no replica", func(families) error { return nil })
	got.want(t, 0, "dbsync_replication_configured", "channel", "")
	got.want(t, 0, "dbsync_replication_lag_known", "channel", "")
	got.wantNone(t, "dbsync_replication_io_running")
	got.wantNone(t, "dbsync_replication_lag_seconds")
	got.wantNone(t, "mysql_slave_status_slave_io_running")

	r.source.Exec(t, "CREATE USER copier@'%' IDENTIFIED BY 'secret'", "GRANT REPLICATION SLAVE ON *.* TO copier@'%'",
		"CREATE DATABASE erp", "CREATE TABLE erp.orders (id INT PRIMARY KEY)")
	r.Exec(t, r.change, r.start)
	r.must(t, "replica runs", channelState("", 1, 1, 1))
	r.testRunning(t)
	lint(t, r.scrape())

	r.Exec(t, r.stopApplier)
	r.must(t, "applier is stopped", channelState("", 1, 0, 0))
	r.Exec(t, r.start)
	r.must(t, "replica runs again", channelState("", 1, 1, 1))

	r.testConflict(t)
	r.testDelay(t)
	r.testDeadChannel(t)
	r.testSourceGone(t)

	r.Exec(t, r.stop, r.forget)
	r.must(t, "replica that is stopped stays configured", channelState("", 0, 0, 0))
}

func (r *replica) testRunning(t *testing.T) {
	t.Helper()
	got := r.must(t, "source is known and there is no lag", func(got families) error {
		lag, known := got.value("dbsync_replication_lag_seconds", "channel", "")
		_, met := got.value("dbsync_replication_source_info", "channel", "", "host", "127.0.0.1",
			"port", fmt.Sprint(r.source.Port()), "server_id", "1", "gtid", "true")
		if !known || lag != 0 || !met {
			return fmt.Errorf("lag %v, known %t, source known %t", lag, known, met)
		}
		return nil
	})
	testenv.Eventually(t, patience, "the schema arrives", func() error {
		_, err := r.Open().ExecContext(t.Context(), "SELECT * FROM erp.orders")
		return err
	})
	got.want(t, 0, "dbsync_replication_delay_seconds", "channel", "")
	for _, thread := range []string{"io", "sql"} {
		got.want(t, 0, "dbsync_replication_last_error_code", "channel", "", "thread", thread)
	}
	labels := []string{"master_host", "127.0.0.1", "channel_name", "", "connection_name", ""}
	got.want(t, 1, "mysql_slave_status_slave_io_running", labels...)
	got.want(t, 1, "mysql_slave_status_slave_sql_running", labels...)
	got.want(t, 0, "mysql_slave_status_seconds_behind_master", labels...)
	got.want(t, 0, "mysql_slave_status_sql_delay", labels...)
}

// testConflict lets the applier meet a row that is there already.
func (r *replica) testConflict(t *testing.T) {
	t.Helper()
	unlogged(t, r.Server, "INSERT INTO erp.orders VALUES (7)")
	r.source.Exec(t, "INSERT INTO erp.orders VALUES (7)")
	got := r.must(t, "applier stops at the conflict", channelState("", 1, 0, 0))
	got.want(t, 1062, "dbsync_replication_last_error_code", "channel", "", "thread", "sql")
	got.want(t, 0, "dbsync_replication_last_error_code", "channel", "", "thread", "io")

	unlogged(t, r.Server, "DELETE FROM erp.orders")
	r.Exec(t, r.start)
	got = r.must(t, "applier runs again", channelState("", 1, 1, 1))
	got.want(t, 0, "dbsync_replication_last_error_code", "channel", "", "thread", "sql")
}

// unlogged runs a statement that the server's own binlog, and so its GTID
// position, does not have.
func unlogged(t *testing.T, server *testenv.Server, statement string) {
	t.Helper()
	conn, err := server.Open().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range []string{"SET SESSION sql_log_bin=0", statement, "SET SESSION sql_log_bin=1"} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func (r *replica) testDelay(t *testing.T) {
	t.Helper()
	r.Exec(t, r.stop, fmt.Sprintf(r.delay, 3600), r.start)
	got := r.must(t, "delayed replica runs", channelState("", 1, 1, 1))
	got.want(t, 3600, "dbsync_replication_delay_seconds", "channel", "")
	got.want(t, 3600, "mysql_slave_status_sql_delay", "channel_name", "", "connection_name", "")
	r.Exec(t, r.stop, fmt.Sprintf(r.delay, 0), r.start)
	r.must(t, "replica runs without delay", channelState("", 1, 1, 1))
}

// testDeadChannel adds a channel whose source is not there. MySQL says that it is
// 0 seconds behind: nobody knows.
func (r *replica) testDeadChannel(t *testing.T) {
	t.Helper()
	r.Exec(t, r.changeDead, r.start)
	got := r.must(t, "channel that cannot connect", func(got families) error {
		if code, _ := got.value("dbsync_replication_last_error_code", "channel", "dead", "thread", "io"); code == 0 {
			return errors.New("no error yet")
		}
		return channelState("dead", 0, 1, 0)(got)
	})
	got.want(t, 2003, "dbsync_replication_last_error_code", "channel", "dead", "thread", "io")
	got.want(t, 1, "dbsync_replication_source_info", "channel", "dead", "port", "1", "gtid", "false")
	name := map[collector.Flavour]string{collector.MariaDB: "connection_name", collector.MySQL: "channel_name"}[flavour(r.Server)]
	got.want(t, 0, "mysql_slave_status_slave_io_running", name, "dead")
	if err := channelState("", 1, 1, 1)(got); err != nil {
		t.Error("beside a dead channel: ", err)
	}
	if flavour(r.Server) == collector.MariaDB {
		r.testAgainstMySQLDExporter(t)
	}
}

// testAgainstMySQLDExporter compares the names that mysqld-mixin's alerts use,
// with two channels in different states.
func (r *replica) testAgainstMySQLDExporter(t *testing.T) {
	t.Helper()
	theirs, ours := scrapeMysqldExporter(t, r.Server, "slave_status"), r.scrape()
	for _, name := range []string{
		"mysql_slave_status_slave_io_running", "mysql_slave_status_slave_sql_running",
		"mysql_slave_status_seconds_behind_master", "mysql_slave_status_sql_delay",
	} {
		if theirs[name] == nil || ours[name] == nil {
			t.Fatalf("%s: ours %v, mysqld_exporter's %v", name, ours[name], theirs[name])
		}
		compareFamily(t, ours[name], theirs[name])
	}
}

func (r *replica) testSourceGone(t *testing.T) {
	t.Helper()
	if err := r.source.Kill(); err != nil {
		t.Fatal(err)
	}
	got := r.must(t, "source is gone", channelState("", 0, 1, 0))
	got.want(t, 1, "dbsync_replication_source_info", "channel", "", "server_id", "1")
}

// What no server at hand says.
func TestReplicationStatements(t *testing.T) {
	for _, c := range []struct {
		flavour            collector.Flavour
		version, statement string
	}{
		{collector.MySQL, "5.7.44", "SHOW SLAVE STATUS"},
		{collector.MySQL, "8.0.21", "SHOW SLAVE STATUS"},
		{collector.MySQL, "8.0.22", "SHOW REPLICA STATUS"},
		{collector.Percona, "8.4.0", "SHOW REPLICA STATUS"},
		{collector.MySQL, "26.1.0", "SHOW REPLICA STATUS"},
		{collector.MariaDB, "10.5.1", "SHOW ALL SLAVES STATUS"},
		{collector.MariaDB, "12.1.2", "SHOW ALL SLAVES STATUS"},
	} {
		server := newFake(t, c.flavour, c.version, answer{prefix: c.statement})
		scrapeOver(t, server, replication())
		if !slices.Equal(server.asked, []string{c.statement}) {
			t.Errorf("%s %s was asked %q, want %q", c.flavour, c.version, server.asked, c.statement)
		}
	}
}

// oldColumns are those of MySQL 5.7 that count.
var oldColumns = []string{
	"Master_Host", "Master_Port", "Slave_IO_Running", "Slave_SQL_Running", "Seconds_Behind_Master", "Last_IO_Errno",
	"Last_SQL_Errno", "Master_Server_Id", "Master_UUID", "SQL_Delay", "Auto_Position", "Channel_Name",
}

func oldRow(channel string, change map[string]driver.Value) []driver.Value {
	row := []driver.Value{"db1", "3306", "Yes", "Yes", "4", "0", "0", "1", "uuid-1", "0", "0", channel}
	for name, value := range change {
		row[slices.Index(oldColumns, name)] = value
	}
	return row
}

func TestReplicationUnderOldNames(t *testing.T) {
	server := newFake(t, collector.MySQL, "5.7.44", answer{prefix: "SHOW SLAVE STATUS", columns: oldColumns, rows: [][]driver.Value{
		oldRow("", nil),
		oldRow("frozen", map[string]driver.Value{"Seconds_Behind_Master": nil, "Slave_IO_Running": "Connecting"}),
		oldRow("group_replication_recovery", map[string]driver.Value{"Slave_IO_Running": "No", "Slave_SQL_Running": "No"}),
	}})
	got := scrapeOver(t, server, replication())
	for channel, known := range map[string]float64{"": 1, "frozen": 0} {
		if err := channelState(channel, known, 1, known)(got); err != nil {
			t.Error(err)
		}
	}
	got.want(t, 4, "dbsync_replication_lag_seconds", "channel", "")
	got.want(t, 1, "dbsync_replication_source_info", "channel", "", "host", "db1", "uuid", "uuid-1", "gtid", "false")
	got.want(t, 4, "mysql_slave_status_seconds_behind_master", "master_host", "db1", "master_uuid", "uuid-1", "channel_name", "")
	got.wantNone(t, "mysql_slave_status_seconds_behind_master", "channel_name", "frozen")
	// The channel by which a member of a group recovers is stopped whenever nobody does.
	got.wantNone(t, "dbsync_replication_io_running", "channel", "group_replication_recovery")
	got.wantNone(t, "mysql_slave_status_slave_io_running", "channel_name", "group_replication_recovery")
}

// Half a list of channels, or one that makes no sense, is no list of channels.
func TestReplicationFailsWhole(t *testing.T) {
	for what, a := range map[string]answer{
		"error after a row": {rows: [][]driver.Value{oldRow("", nil)}, err: errors.New("connection lost")},
		"no number":         {rows: [][]driver.Value{oldRow("", map[string]driver.Value{"Seconds_Behind_Master": "soon"})}},
	} {
		a.prefix, a.columns = "SHOW SLAVE STATUS", oldColumns
		got := newScraper(t, newFake(t, collector.MySQL, "5.7.44", a), replication())()
		got.want(t, 0, "dbsync_collector_success", "collector", "mysql.replication")
		if names := got.names("dbsync_replication_"); len(names) > 0 {
			t.Errorf("%s: published %v", what, names)
		}
	}
}

func TestReplicationWithoutPrivilege(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "unprivileged", "GRANT PROCESS ON *.* TO {user}")
		got := scrapeOver(t, login(t, server, account), replication())
		if reason := got.skipped("mysql.replication"); reason != collector.Unprivileged {
			t.Errorf("skipped as %q, want %q", reason, collector.Unprivileged)
		}
	})
}
