// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

// vitess is VReplication, whose workflows copy between shards and keyspaces, and VDiff,
// which compares what they have copied, by the tables of the sidecar database _vt on the
// target (vitessio/vitess, go/vt/sidecardb/schema). Times are in seconds of Unix time,
// 0 for none.
var vitess = syncTool{
	name:   "vitess",
	tables: []string{"vreplication", "vdiff", "vdiff_table"},
	known: func(c controls) bool {
		return c.have("vreplication", "workflow", "state", "time_updated", "time_heartbeat", "transaction_timestamp")
	},
	read: func(ctx context.Context, r *syncReader) error {
		err := r.each(ctx, []*collector.Family{syncRunning, syncFailed, syncActivity, syncApplied},
			"SELECT workflow, MIN(state IN ('Running', 'Copying')), MAX(state = 'Error'), "+
				"NULLIF(MIN(GREATEST(time_updated, time_heartbeat)), 0), NULLIF(MIN(transaction_timestamp), 0) "+
				"FROM {s}.vreplication WHERE workflow IS NOT NULL GROUP BY workflow")
		if err != nil || !r.tables.have("vdiff", "id", "workflow") || !r.tables.have("vdiff_table", "vdiff_id", "mismatch") {
			return err
		}
		return r.each(ctx, []*collector.Family{syncDifferent},
			"SELECT d.workflow, SUM(t.mismatch) FROM {s}.vdiff d JOIN {s}.vdiff_table t ON t.vdiff_id = d.id "+
				"WHERE d.id IN (SELECT MAX(id) FROM {s}.vdiff GROUP BY workflow) GROUP BY d.workflow")
	},
}
