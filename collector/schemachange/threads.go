// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// session is a statement that changes a table.
type session struct {
	id int64
	of table
}

// thread is a row of the list of threads.
type thread struct {
	id        int64
	seconds   sql.NullFloat64 // that the statement has been running
	schema    sql.NullString
	statement string
	stage     sql.NullString
	done      sql.NullFloat64
	whole     sql.NullFloat64
}

const (
	// The conditions tell roughly what this is about; [altered] and [copied] look
	// closer. LEFT: a bulk INSERT may have megabytes.

	mysqlThreads = `SELECT t.PROCESSLIST_ID, t.PROCESSLIST_TIME, t.PROCESSLIST_DB, LEFT(t.PROCESSLIST_INFO, 1000),` +
		` s.EVENT_NAME, s.WORK_COMPLETED, s.WORK_ESTIMATED` +
		` FROM performance_schema.threads t LEFT JOIN performance_schema.events_stages_current s` +
		` ON s.THREAD_ID = t.THREAD_ID AND s.WORK_ESTIMATED > 0` +
		` WHERE t.PROCESSLIST_ID <> CONNECTION_ID() AND (LEFT(t.PROCESSLIST_INFO, 200) LIKE '%ALTER%TABLE%'` +
		` OR LEFT(t.PROCESSLIST_INFO, 200) LIKE '%INDEX%ON%' OR LEFT(t.PROCESSLIST_INFO, 200) LIKE '%OPTIMIZE%TABLE%'` +
		` OR RIGHT(t.PROCESSLIST_INFO, 100) LIKE '%pt-online-schema-change%')`

	// PROGRESS is the percentage of the stage; 0 where nobody counts.
	mariadbThreads = `SELECT ID, TIME_MS / 1000, DB, LEFT(INFO, 1000), STATE, NULLIF(PROGRESS, 0), 100` +
		` FROM information_schema.PROCESSLIST` +
		` WHERE ID <> CONNECTION_ID() AND (LEFT(INFO, 200) LIKE '%ALTER%TABLE%'` +
		` OR LEFT(INFO, 200) LIKE '%INDEX%ON%' OR LEFT(INFO, 200) LIKE '%OPTIMIZE%TABLE%'` +
		` OR RIGHT(INFO, 100) LIKE '%pt-online-schema-change%')`

	copyStage = "stage/sql/copy to tmp table" // counts rows; InnoDB's own stages count pages
)

// threads returns the changes that the server makes itself, and notes which
// tools it sees at work.
func (c *changes) threads(ctx context.Context, facts collector.Facts, now time.Time) (map[work]state, error) {
	statement, method := mysqlThreads, innodb
	switch {
	case facts.Flavour == collector.MariaDB:
		statement, method = mariadbThreads, mariadb
	case !facts.PerformanceSchema:
		return nil, collector.Skip(collector.Unconfigured, "start the server with performance_schema=ON")
	}
	found := map[work]state{}
	started := map[session]time.Time{}
	err := c.target.Server.Query(ctx, func(row collector.Row) error {
		var t thread
		if err := row.Scan(&t.id, &t.seconds, &t.schema, &t.statement, &t.stage, &t.done, &t.whole); err != nil {
			return err
		}
		if of, is := copied(t.statement, t.schema.String); is {
			if o, ours := recognise(of.schema, of.name); ours && o.method == ptOSC {
				c.objects.alive(work{o.of, ptOSC}, now)
			}
			return nil
		}
		of, is := altered(t.statement, t.schema.String)
		if !is {
			return nil
		}
		s := session{t.id, of}
		if started[s] = c.started[s]; started[s].IsZero() {
			started[s] = now.Add(-time.Duration(t.seconds.Float64 * float64(time.Second)))
		}
		// One works, and others may wait for it.
		if other, twice := found[work{of, method}]; !twice || math.IsNaN(other.ratio) && other.started.After(started[s]) {
			found[work{of, method}] = t.state(started[s])
		}
		return nil
	}, statement)
	if err == nil {
		c.started = started
	}
	return found, err
}

func (t thread) state(started time.Time) state {
	s := unknown(started)
	if t.done.Valid && t.whole.Float64 > 0 {
		s.ratio = t.done.Float64 / t.whole.Float64
	}
	if t.stage.String == copyStage && t.whole.Valid {
		s.copied, s.estimated = t.done.Float64, t.whole.Float64
	}
	return s
}
