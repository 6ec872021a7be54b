// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	syncEvery = time.Minute
	// syncRows bounds the rows of a table that are counted; the figure stops there.
	syncRows = 100_000

	syncSource = "the control tables of AWS DMS, Maxwell, TiDB DM and Vitess"
)

var (
	syncRunning = syncFamily("running",
		"Whether the task is at work. AWS DMS: not in the state NOT RUNNING; Vitess: all of its streams copy or run.")
	syncFailed = syncFamily("failed", "Whether the task has given up. Vitess: any of its streams is in the state Error.")
	syncErrors = syncFamily("errors",
		"Changes that could not be applied and that nobody has removed from the table of such. AWS DMS: awsdms_apply_exceptions, whose "+
			"statements may hold data and are not read.")
	syncLastError = syncFamily("last_error_timestamp_seconds", "When the newest of these failed, in Unix time. AWS DMS writes in UTC.")
	syncSuspended = syncFamily("tables_suspended", "Tables that the task no longer syncs. AWS DMS: awsdms_suspended_tables.")
	syncDifferent = syncFamily("differences",
		"What the tool's own comparison found different. AWS DMS: failures of the validation, which ends for a table after 10,000; TiDB DM: "+
			"changes that the validator reported and nobody has resolved or ignored; Vitess: tables of the newest VDiff that do not match.")
	syncActivity = syncFamily("last_activity_timestamp_seconds",
		"When the task last wrote into its control tables, in Unix time; of several streams or sources, the one that is silent for the longest. "+
			"TiDB DM writes only when its source has changed.")
	syncApplied = syncFamily("applied_timestamp_seconds",
		"When what the task read or applied last was written on its source, in Unix time. It ages while the source is idle, but with "+
			"Maxwell, which makes changes of its own every 10 seconds.")

	syncFamilies = []*collector.Family{
		syncRunning, syncFailed, syncErrors, syncLastError, syncSuspended, syncDifferent, syncActivity, syncApplied,
	}
)

func syncFamily(name, help string) *collector.Family {
	return &collector.Family{Name: "dbsync_sync_" + name, Help: help, Source: syncSource, Labels: []string{"schema", "tool", "task"}}
}

// syncTool is a tool that copies data from server to server and keeps tables about it.
type syncTool struct {
	name   string
	tables []string // patterns of LIKE
	// known tells by the columns whether a schema has what read needs.
	known func(controls) bool
	read  func(context.Context, *syncReader) error
}

var syncTools = []syncTool{dms, maxwell, tidbDM, vitess}

// controls are the tables of a schema that may be a tool's, by name, with the columns
// that the account may read, all in lower case.
type controls map[string][]string

func (c controls) have(table string, columns ...string) bool {
	return !slices.ContainsFunc(columns, func(column string) bool { return !slices.Contains(c[table], column) })
}

// syncReader collects what a tool's tables in one schema say of its tasks. What they do
// not say is not set.
type syncReader struct {
	server collector.Server
	schema string
	tables controls
	tasks  map[string]map[*collector.Family]float64
}

func (r *syncReader) set(task string, family *collector.Family, value float64) {
	if r.tasks[task] == nil {
		r.tasks[task] = map[*collector.Family]float64{}
	}
	r.tasks[task][family] = value
}

// each runs a statement whose first column is the task and whose others are the
// families' values, and sets those that are not NULL. {s} is the schema.
func (r *syncReader) each(ctx context.Context, families []*collector.Family, statement string) error {
	return r.server.Query(ctx, func(row collector.Row) error {
		var task string
		values, into := make([]*float64, len(families)), []any{&task}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := row.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			if v != nil {
				r.set(task, families[i], *v)
			}
		}
		return nil
	}, strings.ReplaceAll(statement, "{s}", quote(r.schema)))
}

// count sets how many rows each task has in a table; those it has none in are 0.
func (r *syncReader) count(ctx context.Context, family *collector.Family, table string) error {
	for task := range r.tasks {
		r.set(task, family, 0)
	}
	return r.each(ctx, []*collector.Family{family}, fmt.Sprintf(
		"SELECT task_name, COUNT(*) FROM (SELECT task_name FROM {s}.%s LIMIT %d) t GROUP BY task_name", quote(table), syncRows))
}

type syncs struct{ server collector.Server }

func (s syncs) Collect(ctx context.Context, out *collector.Sink) error {
	schemas, err := s.find(ctx)
	if err != nil {
		return err
	}
	found := false
	for _, tool := range syncTools {
		for schema, tables := range schemas {
			if !tool.known(tables) {
				continue
			}
			found = true
			out.Source(ctx, tool.name+" "+schema, func(ctx context.Context, out *collector.Sink) error {
				r := &syncReader{s.server, schema, tables, map[string]map[*collector.Family]float64{}}
				if err := tool.read(ctx, r); err != nil {
					return err
				}
				for task, values := range r.tasks {
					for family, value := range values {
						out.Emit(family, value, schema, tool.name, task)
					}
				}
				return nil
			})
		}
	}
	if !found {
		return collector.Skip(collector.Unconfigured, "there are no control tables of a tool for syncing that the account may read")
	}
	return nil
}

// find returns the tables that may be a tool's, by schema. Both servers decide by the
// names alone which tables they look into.
func (s syncs) find(ctx context.Context) (map[string]controls, error) {
	var likes []string
	var args []any
	for _, tool := range syncTools {
		for _, pattern := range tool.tables {
			likes = append(likes, "TABLE_NAME LIKE ?")
			args = append(args, strings.ReplaceAll(pattern, "_", `\_`))
		}
	}
	schemas := map[string]controls{}
	err := s.server.Query(ctx, func(row collector.Row) error {
		var schema, table, column string
		if err := row.Scan(&schema, &table, &column); err != nil {
			return err
		}
		if schemas[schema] == nil {
			schemas[schema] = controls{}
		}
		schemas[schema][table] = append(schemas[schema][table], strings.ToLower(column))
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE FIND_IN_SET('select', PRIVILEGES) AND ("+
		strings.Join(likes, " OR ")+")", args...)
	return schemas, err
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
