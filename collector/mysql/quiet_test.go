// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// loginStatement is what a session runs before it is bounded.
const loginStatement = "SELECT CONNECTION_ID()"

// TestScrapeIsQuiet scrapes everything with the documented privileges from a
// server that logs every statement as slow: none of ours fails, and none is in
// the log.
//
// On MySQL a statement that reads a whole table of information_schema is logged
// where log_queries_not_using_indexes is on, which is not the default: what keeps
// it out (min_examined_row_limit) wants a privilege that no monitor should have.
func TestScrapeIsQuiet(t *testing.T) {
	t.Run("mariadb", func(t *testing.T) {
		server := testenv.SharedMariaDB(t, testenv.WithFlags("--performance-schema=ON"))
		testQuiet(t, server, "log_queries_not_using_indexes = ON")
	})
	t.Run("mysql", func(t *testing.T) { testQuiet(t, testenv.SharedMySQL(t)) })
}

func testQuiet(t *testing.T, server *testenv.Server, settings ...string) {
	t.Helper()
	for _, setting := range append(settings, "log_output = 'TABLE'", "long_query_time = 0", "slow_query_log = ON") {
		server.Exec(t, "SET GLOBAL "+setting)
	}
	t.Cleanup(func() {
		server.Exec(t, "SET GLOBAL slow_query_log = OFF", "SET GLOBAL long_query_time = 10", "SET GLOBAL log_output = 'FILE'",
			"SET GLOBAL log_queries_not_using_indexes = OFF")
	})
	account := server.Grant(t, "quiet", grantsFor(server, Definitions())...)
	scrape := newScraper(t, login(t, server, account), Definitions()...)
	scrape().mustSucceed(t)
	server.Exec(t, "TRUNCATE mysql.slow_log")
	scrape().mustSucceed(t)

	const control = "SELECT 'not a scrape'" // what the log is proved to work by
	if _, err := server.OpenAs(t, server.Grant(t, "quietless")).ExecContext(t.Context(), control); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 10*time.Second, "the control is in the log", func() error {
		logged := slowStatements(t, server, "quiet%")
		if !slices.Contains(logged, control) {
			return fmt.Errorf("slow log: %q", logged)
		}
		for _, statement := range logged {
			if statement != control && !strings.HasPrefix(statement, loginStatement) {
				t.Errorf("in the slow log: %s", statement)
			}
		}
		return nil
	})
	ran, failed := statementsOf(t, server, account)
	if ran < len(Definitions()) || failed != 0 {
		t.Errorf("%d of %d statements failed", failed, ran)
	}
}

func slowStatements(t *testing.T, server *testenv.Server, account string) (statements []string) {
	t.Helper()
	rows, err := server.Open().QueryContext(t.Context(),
		"SELECT CONVERT(sql_text USING utf8mb4) FROM mysql.slow_log WHERE user_host LIKE ?", account+"[%")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			t.Fatal(err)
		}
		statements = append(statements, statement)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return statements
}

// statementsOf returns how many statements the account ran, and how many failed.
func statementsOf(t *testing.T, server *testenv.Server, account testenv.Account) (ran, failed int) {
	t.Helper()
	const from = " FROM performance_schema.events_statements_summary_by_account_by_event_name WHERE user = ?"
	return testenv.Value[int](t, server, "SELECT SUM(COUNT_STAR)"+from, account.Name),
		testenv.Value[int](t, server, "SELECT SUM(SUM_ERRORS)"+from, account.Name)
}
