// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	uuidOfSource  = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	uuidOfReplica = "4e11fa47-71ca-11e1-9e33-c80aa9429562"
)

// mysqlSet is a MySQL that has executed the set.
func mysqlSet(t *testing.T, mode, set string, logs int64) *fake {
	t.Helper()
	return newFake(t, collector.MySQL, "9.7.0", answer{
		prefix: "SELECT @@GLOBAL.gtid_mode", columns: []string{"mode", "log_bin", "executed"}, rows: [][]driver.Value{{mode, logs, set}},
	})
}

// mariadbState is a MariaDB with that id and these states.
func mariadbState(t *testing.T, id, logs int64, logged, applied string) *fake {
	t.Helper()
	return newFake(t, collector.MariaDB, "10.11.6", answer{
		prefix: "SELECT @@GLOBAL.server_id", columns: []string{"id", "log_bin", "logged", "applied"},
		rows: [][]driver.Value{{id, logs, logged, applied}},
	})
}

// compare scrapes a server that has a source.
func compare(t *testing.T, server, source collector.Server) families {
	t.Helper()
	def := gtidSets()
	def.Every = 0
	scraper, err := collector.NewScraper(&collector.Target{Name: "replica", Server: server, Source: source}, []collector.Definition{def})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := families{}
	for _, f := range scraper.Scrape(ctx) {
		got[f.GetName()] = f
	}
	return got
}

func TestGTIDsAgainstTheSource(t *testing.T) {
	const unknown = -1
	for name, c := range map[string]struct {
		server, source  collector.Server
		missing, errant float64
	}{
		"alike":  {mysqlSet(t, "ON", uuidOfSource+":1-10", 1), mysqlSet(t, "ON", uuidOfSource+":1-10", 1), 0, 0},
		"behind": {mysqlSet(t, "ON", uuidOfSource+":1-10", 1), mysqlSet(t, "ON", uuidOfSource+":1-15:import:1-2", 1), 7, 0},
		"written on the replica": {
			mysqlSet(t, "ON", uuidOfSource+":1-10,\n"+uuidOfReplica+":1-3:fix:1", 1), mysqlSet(t, "ON", uuidOfSource+":1-10", 1), 0, 4,
		},
		"lost by a failover": {mysqlSet(t, "ON", uuidOfSource+":1-12", 1), mysqlSet(t, "ON", uuidOfSource+":1-10,"+uuidOfReplica+":1", 1), 1, 2},
		"writes no log":      {mysqlSet(t, "ON", uuidOfSource+":1-10", 0), mysqlSet(t, "ON", uuidOfSource+":1-11", 1), 1, unknown},
		"source without":     {mysqlSet(t, "ON", uuidOfSource+":1-10", 1), mysqlSet(t, "OFF", "", 1), unknown, unknown},
		"another product":    {mysqlSet(t, "ON", uuidOfSource+":1-10", 1), mariadbState(t, 1, 1, "0-1-10", ""), unknown, unknown},

		"MariaDB alike": {mariadbState(t, 2, 1, "0-1-10", "0-1-10"), mariadbState(t, 1, 1, "0-1-10", ""), 0, 0},
		"MariaDB behind in two domains": {
			mariadbState(t, 2, 1, "0-1-10,5-1-3", "0-1-10,5-1-3"), mariadbState(t, 1, 1, "0-1-14,5-1-4,7-1-2", ""), 7, 0,
		},
		"MariaDB written on the replica": {mariadbState(t, 2, 1, "0-1-10,0-2-11", "0-1-10"), mariadbState(t, 1, 1, "0-1-12", ""), 2, 1},
		"MariaDB demoted source": { // what it wrote in its time, the new source has logged, or has as its place
			mariadbState(t, 1, 1, "0-1-10,0-2-20", "0-2-20"), mariadbState(t, 2, 1, "0-2-20", "0-1-10"), 0, 0,
		},
		"MariaDB demoted with more": {mariadbState(t, 1, 1, "0-1-11,0-2-20", "0-2-20"), mariadbState(t, 2, 1, "0-1-10,0-2-20", ""), 0, 1},
		"MariaDB writes no log":     {mariadbState(t, 2, 0, "", "0-1-10"), mariadbState(t, 1, 1, "0-1-10", ""), 0, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			got := compare(t, c.server, c.source)
			got.mustSucceed(t)
			for family, want := range map[string]float64{
				"dbsync_replication_gtid_missing_transactions": c.missing, "dbsync_replication_errant_transactions": c.errant,
			} {
				if want == unknown {
					got.wantNone(t, family)
				} else {
					got.want(t, want, family)
				}
			}
		})
	}
}

func TestGTIDsOfAServer(t *testing.T) {
	got := compare(t, mysqlSet(t, "ON_PERMISSIVE", uuidOfSource+":1-10:import:1-2:7", 1), nil)
	got.want(t, 10, "dbsync_replication_gtid_executed_transactions", "origin", uuidOfSource)
	got.want(t, 3, "dbsync_replication_gtid_executed_transactions", "origin", uuidOfSource+":import")
	got.wantNone(t, "dbsync_replication_errant_transactions")
	lint(t, got)
	got = compare(t, mariadbState(t, 2, 1, "0-1-10,0-2-11,5-1-3", "0-1-10"), nil)
	got.want(t, 11, "dbsync_replication_gtid_executed_transactions", "origin", "0")
	got.want(t, 3, "dbsync_replication_gtid_executed_transactions", "origin", "5")
	for _, server := range []collector.Server{mysqlSet(t, "OFF", "", 1), mariadbState(t, 1, 0, "", "")} {
		if got := compare(t, server, nil); got.skipped("mysql.gtid") != collector.Unconfigured {
			t.Error("a server without GTIDs is not skipped as unconfigured")
		}
	}
	got = compare(t, mysqlSet(t, "ON", "nonsense", 1), nil)
	got.want(t, 0, "dbsync_collector_success", "collector", "mysql.gtid")
}

// A source that is down has its own alert; one that answers with an error fails.
func TestGTIDsWithoutTheSource(t *testing.T) {
	down := mysqlSet(t, "ON", "", 1)
	down.factsError = &collector.ConnectError{Reason: collector.Unreachable, Err: errors.New("refused")}
	got := compare(t, mysqlSet(t, "ON", uuidOfSource+":1-10", 1), down)
	got.mustSucceed(t)
	got.want(t, 10, "dbsync_replication_gtid_executed_transactions", "origin", uuidOfSource)
	got.wantNone(t, "dbsync_replication_errant_transactions")

	got = compare(t, mysqlSet(t, "ON", uuidOfSource+":1-10", 1), mysqlSet(t, "ON", "nonsense", 1))
	got.want(t, 0, "dbsync_source_success", "collector", "mysql.gtid", "source", "source")
	got.want(t, 10, "dbsync_replication_gtid_executed_transactions", "origin", uuidOfSource)
	got.wantNone(t, "dbsync_replication_errant_transactions")
}
