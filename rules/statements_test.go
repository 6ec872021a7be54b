// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rules

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// A statement that a person copies out of a runbook at three in the morning
// works on both products, save what says that it is for one of them.
func TestStatementsOfRunbooksWork(t *testing.T) {
	only := map[string]sandbox.Kind{"-- MySQL only\n": sandbox.MySQL, "-- MariaDB only\n": sandbox.MariaDB}
	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) {
		db := server.Open()
		for _, b := range blocks(t, "sql") {
			if strings.HasPrefix(b.text, "-- replace ") {
				continue // wants names of the reader's own
			}
			line, _, _ := strings.Cut(b.text, "\n")
			if kind, ok := only[line+"\n"]; ok && kind != server.Kind() {
				continue
			}
			if err := runAll(db, b.text); err != nil {
				t.Errorf("%s: %v\n%s", b.page, err, b.text)
			}
		}
	}, testenv.WithFlags("--performance-schema=ON", "--log-bin", "--server-id=1"))
}

// runAll runs the statements and reads all that they give.
func runAll(db *sql.DB, text string) error {
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		rows, err := db.Query(statement)
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := rows.Close(); err != nil { //nolint:sqlclosecheck // before the next statement, in a loop
			return err
		}
	}
	return nil
}
