// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// The values of the label state of a job of pt-online-schema-change.
const (
	jobRunning = "running"
	jobStopped = "stopped"
	jobFailed  = "failed"
	jobCopied  = "copied"
)

// job is the newest of a table in the history of pt-online-schema-change.
type job struct {
	work
	id     int64
	copied bool
	seen   time.Time // when it last copied a chunk
}

// jobs reads a history that pt-online-schema-change --history wrote: of each
// table the newest job, of the newest thousand. (The documentation of --history
// in percona-toolkit 3.7 has the table; ts is set anew with each chunk.)
func (c *changes) jobs(ctx context.Context, out *collector.Sink, history object, now time.Time) error {
	name := quote(history.of.schema) + "." + quote(history.name)
	var all []job
	err := c.target.Server.Query(ctx, func(row collector.Row) error {
		j := job{work: work{method: ptOSC}}
		var age float64
		if err := row.Scan(&j.id, &j.of.schema, &j.of.name, &j.copied, &age); err != nil {
			return err
		}
		j.seen = now.Add(-time.Duration(age * float64(time.Second)))
		all = append(all, j)
		return nil
	}, "SELECT h.job_id, h.db, h.tbl, h.done = 'yes', UNIX_TIMESTAMP() - UNIX_TIMESTAMP(h.ts) FROM "+name+" h JOIN"+
		" (SELECT MAX(job_id) AS id FROM "+name+" WHERE job_id > (SELECT MAX(job_id) FROM "+name+") - 1000 GROUP BY db, tbl) newest"+
		" ON h.job_id = newest.id")
	switch {
	case noSuchTable(err):
		return nil // somebody has just dropped it
	case err != nil:
		return err
	}
	for _, j := range all {
		state := c.state(j, now)
		out.Emit(jobInfo, 1, j.of.schema, j.of.name, j.method, strconv.FormatInt(j.id, 10), state)
		if state == jobStopped {
			s := unknown(time.Time{})
			s.seen = j.seen
			seen(out, j.work, s)
		}
	}
	return nil
}

// state tells what became of a job, and notes that one is alive. A job that
// stopped can be resumed only while its new table is there.
func (c *changes) state(j job, now time.Time) string {
	if !j.copied && now.Sub(j.seen) <= lull {
		c.objects.alive(j.work, j.seen)
	}
	found, _ := c.objects.known()
	switch {
	case j.copied:
		return jobCopied
	case now.Sub(c.objects.sign(j.work)) <= lull:
		return jobRunning
	case slices.ContainsFunc(found, func(o object) bool { return o.of == j.of && o.method == j.method && o.kind == newTable }):
		return jobStopped
	}
	return jobFailed
}
