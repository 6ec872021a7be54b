// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"errors"
	"testing"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestVariablesOddValues(t *testing.T) {
	answer := listing(variablesStatement,
		"max_connections", "151", "read_only", "OFF", "long_query_time", "0.250000", "gtid_mode", "ON_PERMISSIVE",
		"SYNC_BINLOG", "1", "transaction_isolation", "READ-COMMITTED", "tx_isolation", "REPEATABLE-READ",
		"innodb_doublewrite", "DETECT_AND_RECOVER", "max_binlog_cache_size", "18446744073709547520",
		// Numbers that are nobody's business, or that we do not know.
		"report_password", "1234567890", "wsrep_sst_auth", "4711", "datadir", "/srv/4711", "made_up_number", "5",
	)
	got := scrapeOver(t, newFake(t, collector.MySQL, "8.4.9", answer), variables())
	for name, want := range map[string]float64{
		"max_connections": 151, "read_only": 0, "long_query_time": 0.25, "sync_binlog": 1, "max_binlog_cache_size": 18446744073709547520,
	} {
		got.want(t, want, variablesPrefix+name)
	}
	got.want(t, 1, "mysql_transaction_isolation", "level", "READ-COMMITTED")
	if names := got.names(variablesPrefix); len(names) != 5 {
		t.Errorf("given: %v, want what is above", names)
	}
}

func TestVariablesErrorHalfWay(t *testing.T) {
	answer := listing(variablesStatement, "max_connections", "151")
	answer.err = errors.New("lost connection")
	got := newScraper(t, newFake(t, collector.MariaDB, "10.11.19", answer), variables())()
	got.want(t, 0, "dbsync_collector_success", "collector", "mysql.variables")
	got.wantNone(t, "mysql_global_variables_max_connections")
}

func TestVariablesFollowTheServer(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		scrape := newScraper(t, connect(t, server, variables()), variables())
		before := testenv.Value[float64](t, server, "SELECT @@GLOBAL.max_connections")
		scrape().want(t, before, "mysql_global_variables_max_connections")
		server.Exec(t, "SET GLOBAL max_connections = 77")
		defer server.Exec(t, "SET GLOBAL max_connections = 151")
		scrape().want(t, 77, "mysql_global_variables_max_connections")
	})
}
