// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

// maxwell is Maxwell's daemon, which keeps its position on the server that it reads
// (zendesk/maxwell, src/main/resources/sql). It writes a heartbeat there every 10
// seconds and notes the newest that it has read back from the binary log; both are in
// milliseconds of Unix time. A task is a client_id.
var maxwell = syncTool{
	name:   "maxwell",
	tables: []string{"positions", "heartbeats"},
	known: func(c controls) bool {
		return c.have("positions", "server_id", "binlog_file", "client_id", "last_heartbeat_read") &&
			c.have("heartbeats", "server_id", "client_id", "heartbeat")
	},
	read: func(ctx context.Context, r *syncReader) error {
		err := r.each(ctx, []*collector.Family{syncApplied},
			"SELECT client_id, NULLIF(MAX(last_heartbeat_read), 0) / 1000 FROM {s}.positions GROUP BY client_id")
		if err != nil {
			return err
		}
		return r.each(ctx, []*collector.Family{syncActivity},
			"SELECT client_id, NULLIF(MAX(heartbeat), 0) / 1000 FROM {s}.heartbeats GROUP BY client_id")
	},
}
