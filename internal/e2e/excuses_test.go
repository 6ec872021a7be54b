// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import "github.com/easy-erp/dbsync/grafana/board"

// excused are queries that stay empty in the demo system, and why. Their panels say the same to the reader.
type excused struct {
	board              string
	panels             []int
	refs               string // of the panels' queries; empty: all
	onMariaDB, onMySQL bool   // only there
	sometimes          bool   // it may answer as well
	reason             string
}

var excuses = []excused{
	{board: board.OverviewUID, panels: []int{31}, refs: "GH", reason: "no replica"},
	{board: board.OverviewUID, panels: []int{35}, reason: "no replica"},
	{board: board.MySQLUID, panels: []int{8, 51, 52, 53}, reason: "no replica"},
	{board: board.MySQLUID, panels: []int{4, 23}, onMariaDB: true, reason: "the plugin query_response_time is not loaded"},
	{board: board.MySQLUID, panels: []int{61}, onMariaDB: true, reason: "MariaDB has no table of its error log"},
	{board: board.MySQLUID, panels: []int{101, 102}, onMySQL: true, reason: "MySQL 8 has no query cache"},
	{board: board.MySQLUID, panels: []int{101}, onMariaDB: true, sometimes: true, reason: "the query cache is off"},
	{board: board.MySQLUID, panels: []int{111, 112, 113}, reason: "no member of a Galera cluster"},
	{board: board.MySQLUID, panels: []int{121, 122, 123, 124}, refs: "BCD", reason: "nothing is usual before a week has passed"},
	{board: board.MySQLUID, panels: []int{125}, reason: "no replica"},
	{board: board.MigrationsUID, panels: []int{27}, refs: "B", onMariaDB: true, reason: "MariaDB does not tell who holds a metadata lock"},
	{board: board.MigrationsUID, panels: []int{43}, refs: "C", reason: "no replica"},
	{board: board.MigrationsUID, panels: []int{57}, reason: "no tool copies data"},
	{board: board.MigrationsUID, panels: []int{58}, reason: "pt-heartbeat does not run"},
	{board: board.MigrationsUID, panels: []int{59}, reason: "no target has a source"},
	{board: board.MigrationsUID, panels: []int{41}, refs: "D", reason: "golang-migrate cannot tell what is out of order, and Flyway's files are not configured"},
	{board: board.MigrationsUID, panels: []int{53}, sometimes: true, reason: "every history can be read, but while the server dies"},
	{board: board.MigrationsUID, panels: []int{24, 25}, sometimes: true, reason: "a schema change of a small table is over between two scrapes"},
	{board: board.MigrationsUID, panels: []int{26}, reason: "no gh-ost or pt-osc has left anything behind"},
	{board: board.MigrationsUID, panels: []int{55, 56}, reason: "pt-table-checksum never ran"},
	{board: board.BackupsUID, panels: []int{6, 41}, reason: "mysqldump makes no incremental backups"},
	{board: board.BackupsUID, panels: []int{31}, refs: "G", reason: "no interval of restore tests is promised"},
	{board: board.BackupsUID, panels: []int{31}, refs: "I", sometimes: true, reason: "a small dump is read between two scrapes"},
	{board: board.BackupsUID, panels: []int{51}, refs: "BCD", reason: "the binary logs are not archived, and no loss is promised"},
	{board: board.BackupsUID, panels: []int{53, 54}, reason: "the binary logs are not archived"},
	{board: board.BackupsUID, panels: []int{55}, onMariaDB: true, reason: "MariaDB shows its binary logs to who may monitor them"},
	{board: board.BackupsUID, panels: []int{44}, reason: "a forecast needs two days"},
	{board: board.HostUID, panels: []int{61, 62, 63}, sometimes: true, reason: "servers that were unpacked and not installed run under their loader's name"},
	{board: board.HostUID, panels: []int{71, 72}, sometimes: true, reason: "the machine may set no limits"},
	{board: board.APIUID, panels: []int{7}, reason: "the gateway speaks no TLS"},
	{board: board.APIUID, panels: []int{61, 62}, refs: "BCD", reason: "nothing is usual before a week has passed"},
	{board: board.APIUID, panels: []int{62}, refs: "A", sometimes: true, reason: "the gateway hardly ever fails"},
	{board: board.APIUID, panels: []int{33}, reason: "the gateway itself never fails"},
	{board: board.MonitoringUID, panels: []int{22}, sometimes: true, reason: "no collector is slow"},
	{board: board.MonitoringUID, panels: []int{27}, reason: "no series is left out"},
	{board: board.MonitoringUID, panels: []int{11}, sometimes: true, reason: "no target fails, unless the machine is too busy"},
}
