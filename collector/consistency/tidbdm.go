// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// tidbDM is TiDB Data Migration, which keeps on its target where each task is and what
// its validator found, in the schema dm_meta unless it is told otherwise (pingcap/tiflow,
// dm/pkg/cputil, dm/syncer). The names of its tables begin with the task's.
var tidbDM = syncTool{
	name:   "tidb-dm",
	tables: []string{"%" + dmCheckpoint, "%" + dmErrors},
	known:  func(c controls) bool { return len(dmTasks(c)) > 0 },
	read:   readDM,
}

const (
	dmCheckpoint = "_syncer_checkpoint"
	dmErrors     = "_validator_error_change"
	// dmNew is the state of an error that nobody has ignored or resolved.
	dmNew = "1"
)

func dmTasks(c controls) []string {
	var tasks []string
	for _, table := range slices.Sorted(maps.Keys(c)) {
		task, ok := strings.CutSuffix(table, dmCheckpoint)
		if ok && task != "" && c.have(table, "id", "cp_schema", "cp_table", "binlog_name", "is_global", "update_time") {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

func readDM(ctx context.Context, r *syncReader) error {
	for _, task := range dmTasks(r.tables) {
		err := r.value(ctx, task, syncActivity, "SELECT UNIX_TIMESTAMP(MIN(t.newest)) FROM (SELECT MAX(update_time) AS newest FROM {s}."+
			quote(task+dmCheckpoint)+" GROUP BY id) t")
		if err == nil && r.tables.have(task+dmErrors, "status", "error_type") {
			err = r.value(ctx, task, syncDifferent, "SELECT COUNT(*) FROM {s}."+quote(task+dmErrors)+" WHERE status = "+dmNew)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// value sets a figure of one task.
func (r *syncReader) value(ctx context.Context, task string, family *collector.Family, statement string) error {
	return r.server.Query(ctx, func(row collector.Row) error {
		var v *float64
		err := row.Scan(&v)
		if err == nil && v != nil {
			r.set(task, family, *v)
		}
		return err
	}, strings.ReplaceAll(statement, "{s}", quote(r.schema)))
}
