// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestDriftNamesTheTable: two servers have a schema that was made alike, and one is tampered with.
func TestDriftNamesTheTable(t *testing.T) {
	primary, replica := testenv.SharedMariaDB(t), testenv.SharedMySQL(t)
	var dsn []string
	config := "mysql:\n  targets:\n"
	modules := "  modules:\n"
	for i, server := range []*testenv.Server{primary, replica} {
		server.Exec(t, "CREATE DATABASE drifting",
			"CREATE TABLE drifting.orders (id INT PRIMARY KEY, total DECIMAL(10,2), KEY by_total (total)) CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
			"CREATE TABLE drifting.customers (id INT PRIMARY KEY) CHARSET=utf8mb4 COLLATE=utf8mb4_bin")
		t.Cleanup(func() { server.Exec(t, "DROP DATABASE drifting") })
		account := server.Grant(t, "drift", "GRANT SELECT ON drifting.* TO {user}")
		dsn = append(dsn, fmt.Sprintf("%s:%s@tcp(%s)/drifting", account.Name, account.Password, server.Addr()))
		config += fmt.Sprintf("    - {name: server%d, address: %q, module: m%d}\n", i, server.Addr(), i)
		modules += fmt.Sprintf("    m%d: {user: %s, password: %q}\n", i, account.Name, account.Password)
	}
	file := filepath.Join(t.TempDir(), "dbsync.yml")
	if err := os.WriteFile(file, []byte(config+modules+"migrations: {compare_schemas: [drifting]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	byTarget := []string{"check", "drift", "server0", "server1", "--config.file", file}
	byDSN := []string{"check", "drift", dsn[0], dsn[1]}
	for _, args := range [][]string{byTarget, byDSN} {
		if code, stdout, stderr := call(args...); code != exitOK || !strings.Contains(stdout, "are alike") {
			t.Errorf("alike: exit code %d\n%s%s", code, stdout, stderr)
		}
	}
	replica.Exec(t, "ALTER TABLE drifting.orders DROP KEY by_total")
	for _, args := range [][]string{byTarget, byDSN} {
		code, stdout, stderr := call(args...)
		if code != exitFailure || strings.Count(stdout, "\n") != 3 || !strings.Contains(stdout, "drifting: index orders.by_total\n") || stderr != "" {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
		if strings.Contains(stdout, "customers") {
			t.Errorf("a table that is alike is named\n%s", stdout)
		}
	}
	if code, stdout, _ := call(append(byDSN, "--json")...); code != exitFailure || !strings.Contains(stdout, `"name": "orders.by_total"`) {
		t.Errorf("exit code %d\n%s", code, stdout)
	}

	for _, wrong := range [][]string{
		{"check", "drift", "server0", "server2", "--config.file", file},
		{"check", "drift", dsn[0], dsn[1], "--schema", "nowhere"},
		{"check", "drift", dsn[0], "x:secret@tcp/("},
	} {
		code, stdout, stderr := call(wrong...)
		if code != exitUsage || stdout != "" || strings.Contains(stderr, "secret") || stderr == "" {
			t.Errorf("%v: exit code %d\n%s%s", wrong[2:4], code, stdout, stderr)
		}
	}
}
