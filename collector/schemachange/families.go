// SPDX-License-Identifier: Apache-2.0

package schemachange

import "github.com/easy-erp/dbsync/collector"

// The values of the label method.
const (
	innodb  = "innodb"
	mariadb = "mariadb"
	ghost   = "gh-ost"
	ptOSC   = "pt-osc"
	spirit  = "spirit"
)

const (
	threads  = "performance_schema.threads; on MariaDB information_schema.PROCESSLIST"
	progress = "performance_schema.events_stages_current; on MariaDB information_schema.PROCESSLIST; information_schema.TABLES"
)

var (
	running = change("dbsync_schema_change_running",
		"1 while a schema change of the table runs. Absent when none does. Of gh-ost it takes SELECT on the schema to know.",
		threads+"; gh-ost's changelog table; Spirit's lock")
	progressRatio = change("dbsync_schema_change_progress_ratio",
		"How much of the work is done, 0 to 1, as the server estimates it; on MariaDB of the copying. Absent while it is unknown.", progress)
	startTime = change("dbsync_schema_change_start_timestamp_seconds",
		"When the statement began or the tool made its table, in Unix time.", threads+"; information_schema.TABLES")
	eta = change("dbsync_schema_change_eta_seconds",
		"Seconds until the end if it goes on as it did since its start. Absent while the progress is unknown.", progress)
	rowsCopied = change("dbsync_schema_change_rows_copied",
		"Rows that have been copied; of the tools InnoDB's estimate. Absent where the change does not copy rows.", progress)
	rowsEstimated = change("dbsync_schema_change_rows_estimated",
		"Rows that are to be copied, as InnoDB estimates. Absent where the change does not copy rows.", progress)
	throttled = change("dbsync_schema_change_throttled",
		"Whether gh-ost has paused to spare the server. Absent for methods that do not tell.", "gh-ost's changelog table")

	lastActivity = change("dbsync_schema_change_last_activity_timestamp_seconds",
		"The newest sign of life of a tool, in Unix time: the heartbeat of gh-ost, a chunk of pt-osc that was seen or is in its history, "+
			"Spirit's checkpoint (every 50 s while it copies). It stays when the tool has died and its tables are still there. Absent for the server's own changes.",
		"gh-ost's changelog table; Spirit's checkpoint table; pt_osc_history; "+threads)
	jobInfo = &collector.Family{
		Name: "dbsync_schema_change_job_info", Labels: []string{"schema", "table", "method", "job_id", "state"}, MaxSeries: 200,
		Help: "1 for the newest job of each table in the history that pt-online-schema-change --history writes. state is running; stopped: half-way, " +
			"and its new table is there, so that --resume takes it; failed: half-way, and the new table is gone; copied: all rows are.",
		Source: "pt_osc_history, in whatever schema",
	}

	changeFamilies = []*collector.Family{running, progressRatio, startTime, eta, rowsCopied, rowsEstimated, throttled, lastActivity, jobInfo}

	leftoverCount = leftover("dbsync_schema_change_leftovers",
		"Tables and triggers that gh-ost, pt-osc and Spirit left behind; kind is new_table, old_table, changelog, checkpoint or trigger. A trigger writes every "+
			"change of its table twice. Absent when there are none; for 5 minutes after the tool's last sign of life, or the exporter's "+
			"start, what may be in use is none.",
		"information_schema.TABLES, information_schema.TRIGGERS")
	leftoverBytes  = leftover("dbsync_schema_change_leftover_bytes", "Their size on disk: rows and indexes.", "information_schema.TABLES")
	leftoverOldest = leftover("dbsync_schema_change_leftover_oldest_timestamp_seconds",
		"When the oldest of them was made, in Unix time.", "information_schema.TABLES, information_schema.TRIGGERS")

	leftoverFamilies = []*collector.Family{leftoverCount, leftoverBytes, leftoverOldest}
)

func change(name, help, source string) *collector.Family {
	return &collector.Family{Name: name, Help: help, Source: source, Labels: []string{"schema", "table", "method"}}
}

func leftover(name, help, source string) *collector.Family {
	return &collector.Family{Name: name, Help: help, Source: source, Labels: []string{"schema", "method", "kind"}}
}
