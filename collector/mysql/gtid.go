// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/gtid"
)

const (
	gtidEvery   = 15 * time.Second
	gtidOrigins = 200

	gtidSource = "@@gtid_executed (MySQL), @@gtid_binlog_state and @@gtid_slave_pos (MariaDB)"
)

var (
	gtidExecuted = &collector.Family{
		Name: "dbsync_replication_gtid_executed_transactions", Labels: []string{"origin"}, MaxSeries: gtidOrigins, Source: gtidSource,
		Help: "Transactions that the server has executed, by where they were committed first: the UUID of that server, with the tag of the " +
			"transactions behind a colon where they have one (MySQL); the domain, whose newest sequence number it is (MariaDB).",
	}
	gtidMissing = &collector.Family{
		Name: "dbsync_replication_gtid_missing_transactions", Source: gtidSource + " of the target and of its source",
		Help: "Transactions that the source has executed and this server has not, for a target that the configuration gives a source. " +
			"A few are always under way.",
	}
	gtidErrant = &collector.Family{
		Name: "dbsync_replication_errant_transactions", Source: gtidSource + " of the target and of its source",
		Help: "Transactions of this server that its source does not have: somebody wrote on the replica, or a failover lost them. MySQL: their " +
			"number. MariaDB tells the last transaction of each server only: the number of domains into which this server wrote what the " +
			"source does not have. Absent where the server writes no binary log, without which such transactions have no GTID.",
	}
)

func gtidSets() collector.Definition {
	return collector.Definition{
		Name:    "mysql.gtid",
		Help:    "Which transactions a server has executed, and how that differs from the target that the configuration calls its source.",
		Default: true,
		Needs:   collector.Needs{Server: true},
		Cost: "Every 15 seconds a statement that reads variables; one with a source asks that too. The set of a server is as long as it " +
			"has gaps.",
		Every:    gtidEvery,
		Families: []*collector.Family{gtidExecuted, gtidMissing, gtidErrant},
		New: func(t *collector.Target) collector.Collector {
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				return collectGTIDs(ctx, t.Server, t.Source, out)
			})
		},
	}
}

// executed is what a server has executed.
type executed interface {
	emit(out *collector.Sink)
	// lacks is the number of transactions of source that are not here.
	lacks(source executed) (float64, error)
	// errant is the number of those here that source does not have.
	errant(source executed) (n float64, known bool)
}

func collectGTIDs(ctx context.Context, server, source collector.Server, out *collector.Sink) error {
	own, err := readExecuted(ctx, server)
	if err != nil {
		return err
	}
	own.emit(out)
	if source == nil {
		return nil
	}
	out.Source(ctx, "source", func(ctx context.Context, out *collector.Sink) error {
		// After the replica, so that what arrived meanwhile does not look errant.
		theirs, err := readExecuted(ctx, source)
		if errors.As(err, new(*collector.ConnectError)) {
			return collector.Skip(collector.Unconfigured, "the source cannot be asked, which is its own alert: %v", err)
		}
		if err != nil {
			return fmt.Errorf("the source: %w", err)
		}
		missing, err := own.lacks(theirs)
		if err != nil {
			return err
		}
		out.Emit(gtidMissing, missing)
		if n, known := own.errant(theirs); known {
			out.Emit(gtidErrant, n)
		}
		return nil
	})
	return nil
}

func readExecuted(ctx context.Context, server collector.Server) (executed, error) {
	facts, err := server.Facts(ctx)
	if err != nil {
		return nil, err
	}
	if facts.Flavour == collector.MariaDB {
		return readStates(ctx, server)
	}
	return readSet(ctx, server)
}

// executedSet is MySQL's.
type executedSet struct {
	gtid.Set
	logs bool // has a binary log
}

func readSet(ctx context.Context, server collector.Server) (executed, error) {
	var mode, text string
	var e executedSet
	err := server.Query(ctx, func(row collector.Row) error { return row.Scan(&mode, &e.logs, &text) },
		"SELECT @@GLOBAL.gtid_mode, @@GLOBAL.log_bin, @@GLOBAL.gtid_executed")
	if err != nil {
		return nil, err
	}
	if mode != "ON" && mode != "ON_PERMISSIVE" {
		return nil, collector.Skip(collector.Unconfigured, "gtid_mode is %s: transactions have no GTID", mode)
	}
	e.Set, err = gtid.ParseSet(text)
	return e, err
}

func (e executedSet) emit(out *collector.Sink) {
	for _, origin := range e.Origins() {
		out.Emit(gtidExecuted, float64(e.Count(origin)), origin)
	}
}

func (e executedSet) lacks(source executed) (float64, error) {
	theirs, ok := source.(executedSet)
	if !ok {
		return 0, errOtherGTIDs
	}
	return float64(theirs.Minus(e.Set).Size()), nil
}

func (e executedSet) errant(source executed) (float64, bool) {
	theirs, ok := source.(executedSet)
	return float64(e.Minus(theirs.Set).Size()), ok && e.logs
}

// errOtherGTIDs: MariaDB numbers transactions in a way of its own.
var errOtherGTIDs = collector.Skip(collector.Unsupported, "the GTIDs of MySQL and of MariaDB cannot be compared")

// executedStates is MariaDB's.
type executedStates struct {
	server          uint32 // its id
	logs            bool
	logged, applied gtid.State
}

func readStates(ctx context.Context, server collector.Server) (executed, error) {
	var logged, applied string
	var e executedStates
	err := server.Query(ctx, func(row collector.Row) error { return row.Scan(&e.server, &e.logs, &logged, &applied) },
		"SELECT @@GLOBAL.server_id, @@GLOBAL.log_bin, @@GLOBAL.gtid_binlog_state, @@GLOBAL.gtid_slave_pos")
	if err != nil {
		return nil, err
	}
	if e.logged, err = gtid.ParseState(logged); err == nil {
		e.applied, err = gtid.ParseState(applied)
	}
	if err == nil && !e.logs && len(e.applied) == 0 {
		err = collector.Skip(collector.Unconfigured, "the server writes no binary log and has no source")
	}
	return e, err
}

func (e executedStates) emit(out *collector.Sink) {
	for domain, last := range e.logged.Join(e.applied).Last() {
		out.Emit(gtidExecuted, float64(last), strconv.FormatUint(uint64(domain), 10))
	}
}

// lacks compares the newest of each domain. What this server wrote itself does not
// bring it nearer to its source.
func (e executedStates) lacks(source executed) (float64, error) {
	theirs, ok := source.(executedStates)
	if !ok {
		return 0, errOtherGTIDs
	}
	has := e.applied.Last()
	for domain, last := range e.logged.Last() {
		if _, replicated := has[domain]; !replicated {
			has[domain] = last
		}
	}
	var n float64
	for domain, last := range theirs.logged.Join(theirs.applied).Last() {
		if last > has[domain] {
			n += float64(last - has[domain])
		}
	}
	return n, nil
}

// errant looks at what this server wrote itself: of others it may remember what its
// source, made from a backup, does not.
func (e executedStates) errant(source executed) (float64, bool) {
	theirs, ok := source.(executedStates)
	if !ok || !e.logs {
		return 0, false
	}
	known := theirs.logged.Join(theirs.applied)
	var n float64
	for w, last := range e.logged {
		if w.Server == e.server && last > known[w] {
			n++
		}
	}
	return n, true
}
