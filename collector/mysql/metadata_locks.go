// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

const (
	metadataTable = "performance_schema.metadata_locks"
	// What is in the way of those who wait: all locks of the things that somebody waits for. Few things are waited for at
	// once; a lock of the whole server is held by every session that writes.
	metadataBlockers = `SELECT l.OBJECT_TYPE, CONCAT_WS('.', l.OBJECT_SCHEMA, l.OBJECT_NAME), l.LOCK_TYPE, l.LOCK_STATUS = 'PENDING',` +
		` l.OWNER_THREAD_ID, t.PROCESSLIST_COMMAND, LEFT(t.PROCESSLIST_INFO, 200)` +
		` FROM (SELECT DISTINCT OBJECT_TYPE, OBJECT_SCHEMA, OBJECT_NAME FROM ` + metadataTable + ` WHERE LOCK_STATUS = 'PENDING' LIMIT 20) w` +
		` JOIN ` + metadataTable + ` l ON l.OBJECT_TYPE = w.OBJECT_TYPE AND l.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND l.OBJECT_NAME <=> w.OBJECT_NAME` +
		` LEFT JOIN ` + threadsTable + ` t ON t.THREAD_ID = l.OWNER_THREAD_ID LIMIT 5000`
)

var (
	metadataWaitingStatements = &collector.Family{
		Name: "dbsync_mysql_metadata_lock_waiting_statements", Labels: []string{"lock", "statement"}, MaxSeries: 60, Source: metadataLockSource,
		Help: "The sessions of dbsync_mysql_metadata_lock_waiters by what they wait for (lock: table, schema …; backup, global and commit are " +
			"those that backups take; flush is a table to be closed) and by what they want to do (statement: ddl, write, read, lock, other). " +
			"Reads that wait beside a ddl wait behind it. Absent when none waits.",
	}
	metadataBlockingSessions = &collector.Family{
		Name: "dbsync_mysql_metadata_lock_blocking_sessions", Labels: []string{"lock", "statement"}, MaxSeries: 60, Source: metadataTable,
		On: "MySQL",
		Help: "Sessions that hold what these wait for, by what they do: as before, and idle is a transaction, backup or lock that was left open. " +
			"Absent when none waits, and for table flushes, which are no such lock.",
	}
)

// statementKind tells what a statement does, as far as metadata locks care.
func statementKind(statement string) string {
	switch word, _, _ := strings.Cut(strings.ToUpper(withoutComments(statement)), " "); strings.TrimSpace(word) {
	case "ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "OPTIMIZE", "REPAIR", "ANALYZE", "GRANT", "REVOKE", "INSTALL":
		return "ddl"
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "COMMIT", "CALL", "XA":
		return "write"
	case "SELECT", "(SELECT", "WITH", "SHOW", "TABLE", "DESC", "DESCRIBE", "EXPLAIN", "CHECK", "CHECKSUM":
		return "read"
	case "LOCK", "FLUSH", "BACKUP":
		return "lock"
	}
	return "other"
}

// withoutComments cuts comments off a statement's beginning.
func withoutComments(statement string) string {
	for {
		statement = strings.TrimLeft(statement, " \t\r\n")
		switch {
		case strings.HasPrefix(statement, "/*"):
			_, statement, _ = strings.Cut(statement, "*/")
		case strings.HasPrefix(statement, "-- "), strings.HasPrefix(statement, "#"):
			_, statement, _ = strings.Cut(statement, "\n")
		default:
			return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(statement)
		}
	}
}

// waitsFor returns the lock that a session in the state waits for.
func waitsFor(state string) string {
	lock := strings.TrimPrefix(state, "Waiting for ")
	switch lock {
	case "table flush":
		return "flush"
	case "global read lock":
		return "global"
	}
	return strings.TrimSuffix(strings.TrimSuffix(lock, " lock"), " metadata")
}

// metadataLock is one that is held or wanted.
type metadataLock struct {
	lock, object, kind string
	pending            bool
	thread             uint64
	statement          string
}

// collectMetadataBlockers is for when somebody waits.
func collectMetadataBlockers(ctx context.Context, server collector.Server, out *collector.Sink) error {
	var all []metadataLock
	err := server.Query(ctx, func(row collector.Row) error {
		var l metadataLock
		var command, statement sql.NullString
		if err := row.Scan(&l.lock, &l.object, &l.kind, &l.pending, &l.thread, &command, &statement); err != nil {
			return err
		}
		if l.statement = "idle"; command.String != "Sleep" {
			l.statement = statementKind(statement.String)
		}
		all = append(all, l)
		return nil
	}, metadataBlockers)
	if err != nil {
		return err
	}
	for _, l := range blocking(all) {
		out.Emit(metadataBlockingSessions, l.count, l.lock, l.statement)
	}
	return nil
}

// blockers are the sessions of one kind that are in the way.
type blockers struct {
	lock, statement string
	count           float64
}

// blocking counts those who hold what another cannot have beside it.
func blocking(all []metadataLock) []blockers {
	type session struct {
		lock   string
		thread uint64
	}
	seen := map[session]bool{}
	var found []blockers
	for _, held := range all {
		lock := strings.TrimSuffix(strings.ToLower(held.lock), " lock")
		if held.pending || lock == "user level" || seen[session{lock, held.thread}] {
			continue
		}
		for _, wanted := range all {
			if wanted.pending && wanted.thread != held.thread && wanted.lock == held.lock && wanted.object == held.object &&
				excludes(wanted.kind, held.kind) {
				seen[session{lock, held.thread}] = true
				found = count(found, lock, held.statement)
				break
			}
		}
	}
	return found
}

func count(all []blockers, lock, statement string) []blockers {
	for i := range all {
		if all[i].lock == lock && all[i].statement == statement {
			all[i].count++
			return all
		}
	}
	return append(all, blockers{lock, statement, 1})
}

// excludes tells whether a metadata lock cannot be had beside one that another
// holds (MySQL's sql/mdl.cc, m_granted_incompatible).
func excludes(wanted, held string) bool {
	if wanted == "EXCLUSIVE" || held == "EXCLUSIVE" {
		return true
	}
	for _, kind := range map[string][]string{
		"INTENTION_EXCLUSIVE":   {"SHARED"}, // of the whole server or a schema
		"SHARED":                {"INTENTION_EXCLUSIVE"},
		"SHARED_READ":           {"SHARED_NO_READ_WRITE"},
		"SHARED_WRITE":          {"SHARED_NO_READ_WRITE", "SHARED_NO_WRITE", "SHARED_READ_ONLY"},
		"SHARED_WRITE_LOW_PRIO": {"SHARED_NO_READ_WRITE", "SHARED_NO_WRITE", "SHARED_READ_ONLY"},
		"SHARED_UPGRADABLE":     {"SHARED_NO_READ_WRITE", "SHARED_NO_WRITE", "SHARED_UPGRADABLE"},
		"SHARED_READ_ONLY":      {"SHARED_NO_READ_WRITE", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO"},
		"SHARED_NO_WRITE":       {"SHARED_NO_READ_WRITE", "SHARED_NO_WRITE", "SHARED_UPGRADABLE", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO"},
		"SHARED_NO_READ_WRITE": {
			"SHARED_NO_READ_WRITE", "SHARED_NO_WRITE", "SHARED_READ_ONLY", "SHARED_UPGRADABLE", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_READ",
		},
	}[wanted] {
		if kind == held {
			return true
		}
	}
	return false
}
