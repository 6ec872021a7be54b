// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/backup/binlog"
)

// serverLogs is what a server says of its binary logs.
type serverLogs struct {
	asked  time.Time // right before the server answered; zero: it never did
	on     bool
	expire time.Duration // 0: they do not expire
	// visible says that the account may see them. Else logs is empty.
	visible bool
	logs    []serverLog // as they follow on each other; the last one is written to
}

type serverLog struct {
	name binlog.Name
	size int64 // of the content, as an archive has it
}

const (
	binlogVariables = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_expire_logs_seconds'," +
		" 'expire_logs_days', 'binlog_expire_logs_auto_purge')"
	binaryLogs = "SHOW BINARY LOGS"
	// encryptionHeader is what an encrypted log of MySQL has before its content, which a
	// copy made through the server lacks.
	encryptionHeader = 512
)

// binlogPrivileges are for SHOW BINARY LOGS.
func binlogPrivileges() map[collector.Flavour]collector.Privilege {
	const why = "the server's binary logs: how far an archive of them is behind, and how far they alone would reach"
	return map[collector.Flavour]collector.Privilege{
		collector.MySQL:   {Name: "REPLICATION CLIENT", On: "*.*", Optional: true, Why: why},
		collector.MariaDB: {Name: "BINLOG MONITOR", On: "*.*", Optional: true, Why: why},
	}
}

// askServerLogs asks a server for its binary logs.
func askServerLogs(ctx context.Context, server collector.Server, now func() time.Time) (serverLogs, error) {
	facts, err := server.Facts(ctx)
	if err != nil {
		return serverLogs{}, err
	}
	s := serverLogs{asked: now()}
	variables := map[string]string{}
	err = server.Query(ctx, func(row collector.Row) error {
		var name, value string
		err := row.Scan(&name, &value)
		variables[name] = value
		return err
	}, binlogVariables)
	if err != nil {
		return serverLogs{}, err
	}
	s.on, s.expire = variables["log_bin"] == "ON", expiry(variables)
	privilege, ok := binlogPrivileges()[facts.Flavour]
	if !ok {
		privilege = binlogPrivileges()[collector.MySQL]
	}
	s.visible = facts.Grants.Has(privilege) || facts.Grants.Has(collector.Privilege{Name: "SUPER", On: "*.*"})
	if s.on && s.visible {
		err = server.Query(ctx, func(row collector.Row) error { return s.add(row) }, binaryLogs)
	}
	return s, err
}

// add takes in a row of SHOW BINARY LOGS: name, size, and on MySQL 8 whether it is
// encrypted.
func (s *serverLogs) add(row collector.Row) error {
	columns, err := row.Columns()
	if err != nil {
		return err
	}
	var file string
	var size int64
	var encrypted sql.NullString
	dest := []any{&file, &size, &encrypted}
	for len(dest) < len(columns) {
		dest = append(dest, new(sql.RawBytes))
	}
	if err := row.Scan(dest[:len(columns)]...); err != nil {
		return err
	}
	name, ok := binlog.ParseName(file)
	if !ok {
		return nil
	}
	if encrypted.String == "Yes" {
		size = max(0, size-encryptionHeader)
	}
	s.logs = append(s.logs, serverLog{name, size})
	return nil
}

// expiry returns after which time logs are removed; 0: never.
func expiry(variables map[string]string) time.Duration {
	if variables["binlog_expire_logs_auto_purge"] == "OFF" {
		return 0
	}
	if seconds, _ := strconv.ParseInt(variables["binlog_expire_logs_seconds"], 10, 64); seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	days, _ := strconv.ParseFloat(variables["expire_logs_days"], 64) // a fraction on MariaDB
	return time.Duration(days * 24 * float64(time.Hour))
}

// current is the log that is written to.
func (s *serverLogs) current() (serverLog, bool) {
	if len(s.logs) == 0 {
		return serverLog{}, false
	}
	return s.logs[len(s.logs)-1], true
}

// follows reports whether the server has everything from a place in its log on.
func (s *serverLogs) follows(name binlog.Name, place int64) bool {
	for i, l := range s.logs {
		if i > 0 && l.name.Number != s.logs[i-1].name.Number+1 {
			return false // the index names what is not there
		}
		if l.name.Number == name.Number {
			return l.size >= place && s.logs[len(s.logs)-1].name.Number-l.name.Number == uint64(len(s.logs)-1-i) // not negative
		}
	}
	return false
}
