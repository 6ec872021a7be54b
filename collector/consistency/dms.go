// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

// dms is AWS Database Migration Service, which writes on its target what it is asked
// to: the status, the tables that it has suspended, and always what it could not
// apply (docs.aws.amazon.com/dms, Control table task settings; Data validation).
// Columns and times are by that page; its times are taken to be in UTC, as its
// sessions are.
var dms = syncTool{
	name:   "aws-dms",
	tables: []string{"awsdms_status", "awsdms_apply_exceptions", "awsdms_suspended_tables", "awsdms_validation_failures_v%"},
	known: func(c controls) bool {
		return c.have("awsdms_status", "task_name", "task_status", "status_time", "source_timestamp_applied") ||
			c.have("awsdms_apply_exceptions", "task_name", "error_time")
	},
	read: readDMS,
}

func readDMS(ctx context.Context, r *syncReader) error {
	if r.tables.have("awsdms_status", "task_name", "task_status", "status_time", "source_timestamp_applied") {
		err := r.each(ctx, []*collector.Family{syncRunning, syncActivity, syncApplied},
			"SELECT task_name, MAX(task_status <> 'NOT RUNNING'), NULLIF(UNIX_TIMESTAMP(MAX(status_time)), 0), "+
				"NULLIF(UNIX_TIMESTAMP(MAX(source_timestamp_applied)), 0) FROM {s}.awsdms_status GROUP BY task_name")
		if err != nil {
			return err
		}
	}
	for _, c := range []struct {
		table  string
		family *collector.Family
	}{
		{"awsdms_apply_exceptions", syncErrors}, {"awsdms_suspended_tables", syncSuspended},
		{"awsdms_validation_failures_v1", syncDifferent}, {"awsdms_validation_failures_v2", syncDifferent},
	} {
		if r.tables.have(c.table, "task_name") {
			if err := r.count(ctx, c.family, c.table); err != nil {
				return err
			}
		}
	}
	if !r.tables.have("awsdms_apply_exceptions", "task_name", "error_time") {
		return nil
	}
	return r.each(ctx, []*collector.Family{syncLastError},
		"SELECT task_name, NULLIF(UNIX_TIMESTAMP(MAX(error_time)), 0) FROM {s}.awsdms_apply_exceptions GROUP BY task_name")
}
