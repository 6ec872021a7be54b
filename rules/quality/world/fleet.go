// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// fleetFacts are about a replica and the source beside it.
func fleetFacts(random *rand.Rand, from time.Time) []fact {
	number := fmt.Sprint(random.Uint32())
	var stopped time.Time // the one who writes the heartbeat
	var aborted counter
	return []fact{
		{
			Fault:   Fault{RuleID: "heartbeat_stale", Lasting: 6*time.Minute + 30*time.Second, Within: 8 * time.Minute},
			excused: 4 * time.Minute,
			sample:  func(_, since time.Time, _ setter) { stopped = since },
		},
		{ // behind a large transaction for a while
			Fault:   Fault{RuleID: "replication_heartbeat_lag", Lasting: 6*time.Minute + 30*time.Second, Within: 8 * time.Minute},
			excused: 4 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				written := now.Add(-time.Second)
				if !stopped.IsZero() {
					written = stopped.Add(-5 * time.Minute)
				}
				arrived := written.Add(-time.Second)
				if !since.IsZero() {
					arrived = written.Add(-5*time.Minute - 10*time.Second)
				}
				id := []string{"server_id", number}
				set("mysql_heartbeat_now_timestamp_seconds", unix(now), id...)
				set("mysql_heartbeat_stored_timestamp_seconds", unix(arrived), id...)
				source := append(id, "peer", "source")
				set("mysql_heartbeat_now_timestamp_seconds", unix(now), source...)
				set("mysql_heartbeat_stored_timestamp_seconds", unix(written), source...)
			},
		},
		{ // what is on its way looks like one for a moment
			Fault:   Fault{RuleID: "errant_transactions", Lasting: 6*time.Minute + 30*time.Second, Within: 8 * time.Minute},
			excused: 3 * time.Minute,
			sample:  func(_, since time.Time, set setter) { set("dbsync_replication_errant_transactions", 3*yes(since)) },
		},
		{ // a change of the schema has not reached all yet
			Fault:   Fault{RuleID: "schema_drift", Lasting: 17 * time.Minute, Within: 19 * time.Minute},
			excused: 9 * time.Minute,
			sample: func(_, since time.Time, set setter) {
				hash := "5f2a"
				if !since.IsZero() {
					hash = "77c1"
				}
				set("dbsync_schema_fingerprint_info", 1, "schema", "erp_"+number, "hash", hash)
				set("dbsync_schema_fingerprint_info", 1, "schema", "erp_"+number, "hash", "5f2a", "peer", "source")
			},
		},
		{ // a deployment breaks connections off, and a balancer's check fails now and then
			Fault:   Fault{RuleID: "mysql_aborted_connections", Lasting: 12 * time.Minute, Within: 16 * time.Minute},
			excused: 2 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("mysql_global_status_aborted_connects", aborted.at(now, .3+2*yes(since)))
				set("mysql_global_status_aborted_clients", 12)
			},
		},
		{
			Fault: Fault{RuleID: "mysql_auto_increment_running_out", Lasting: 10 * time.Minute, Within: 14 * time.Minute},
			sample: func(now, since time.Time, set setter) {
				set("dbsync_mysql_auto_increment_used_ratio", .8+.15*yes(since)+now.Sub(from).Hours()/1e4, "schema", "erp", "table", "log", "column", "id")
			},
		},
	}
}
