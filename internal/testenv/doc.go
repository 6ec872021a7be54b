// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package testenv gives tests real servers and ends them again.
//
// A server of its own for one test:
//
//	server := testenv.MariaDB(t, testenv.WithFlags("--performance-schema=ON"))
//	server.Exec(t, "CREATE DATABASE erp")
//	account := server.Grant(t, "dbsync", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO {user}")
//	db := server.OpenAs(t, account)              // *sql.DB over TCP as that account
//
// The same test against every MySQL and MariaDB at hand, one subtest per server:
//
//	testenv.EachServer(t, func(t *testing.T, server *testenv.Server) { ... })
//
// Starting a server costs seconds, so that a package with many tests shares one per program. Shared servers end in
// Main, which also fails the package when goroutines or child processes are left:
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
//
//	func TestLocks(t *testing.T) {
//		server := testenv.SharedMariaDB(t)       // or testenv.SharedMySQL, testenv.EachSharedServer
//		schema := server.Schema(t)               // an own, empty schema, dropped when the test ends
//	}
//
// Whoever stops, freezes or reconfigures a server uses one of its own. Server has Freeze and Thaw (SIGSTOP, SIGCONT),
// Restart, Kill, Addr, Socket, Version, Kind, AdminDSN and Open from package sandbox.
//
// Monitoring, mail and HTTP:
//
//	prometheus := testenv.Prometheus(t, testenv.Old, "prometheus.yml")     // or testenv.New
//	alertmanager := testenv.Alertmanager(t, testenv.New, "alertmanager.yml")
//	mailbox := testenv.Mailbox(t)                // SMTP server that keeps what it is sent
//	hook := testenv.Hook(t)                      // HTTP receiver: Slack-shaped posts, webhooks
//	post := hook.WaitFor(t, 30*time.Second, "resolved notice", func(p inbox.Post) bool { ... })
//
// Conditions are awaited, never slept for; the last error is the state that a failure prints:
//
//	testenv.Eventually(t, 10*time.Second, "target is up", func() error { ... })
//
// A server program that is not installed skips the test and says which command brings it; with CI=true in the
// environment it fails the test. Package sandbox documents where programs are looked for and which environment
// variables point elsewhere.
package testenv
