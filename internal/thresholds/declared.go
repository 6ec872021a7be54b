// SPDX-License-Identifier: Apache-2.0

package thresholds

// threshold is a number of a shipped rule that an installation may change. The
// role says which one it is: with its operator, as the expression has it.
type threshold struct {
	rule, severity, name string
	role                 string
	times                int // how often the role stands in the rules of the id and severity; 0 means once
	unit                 unit
	says                 []phrase
	also                 []string // further rules in which the same role is the same number
}

// phrase is how the annotations say a number, and the form in which they say
// another one.
type phrase struct{ text, form string }

func says(en, zh string) []phrase { return []phrase{{en, "%s"}, {zh, "%s"}} }

// declared are the numbers by which people tune. One that bears the name of its
// severity is the threshold of its rule.
func declared() []threshold {
	return []threshold{
		{rule: "api_error_budget_burn", severity: "critical", name: "fast_burn", role: "14.4 *", times: 2},
		{rule: "api_error_budget_burn", severity: "critical", name: "slow_burn", role: "6 *", times: 2},
		{
			rule: "api_error_budget_burn", severity: "warning", name: "daily_burn", role: "3 *", times: 2,
			says: []phrase{{"three times", "%s times"}, {"三倍", " %s 倍"}},
		},
		{rule: "api_error_budget_burn", severity: "critical", name: "requests", role: ">= 10"},
		{rule: "api_error_budget_burn", severity: "warning", name: "requests", role: ">= 10"},
		{rule: "api_certificate_expiring", severity: "critical", name: "critical", role: "< 3 * 86400", unit: seconds},
		{rule: "api_certificate_expiring", severity: "warning", name: "warning", role: "< 14 * 86400", unit: seconds},
		{rule: "log_error_burst", severity: "warning", name: "warning", role: "> 10"},
		{rule: "api_latency_high", severity: "warning", name: "warning", role: "> 0.05", unit: percent, says: says("5 %", "5%")},
		{rule: "api_latency_high", severity: "warning", name: "requests", role: ">= 10"},
		{rule: "api_log_unparsed", severity: "warning", name: "warning", role: "> 0.1", unit: percent},

		{rule: "backup_failure", severity: "warning", name: "success_rate", role: "< 0.99", unit: percent},
		{rule: "backup_failure", severity: "warning", name: "failed_runs", role: ">= 2"},
		{rule: "backup_identical", severity: "warning", name: "warning", role: ">= 3"},
		{rule: "backup_repository_filling", severity: "warning", name: "warning", role: "< 7 * 86400", unit: seconds, says: says("a week", "一周")},

		{rule: "disk_space_low", severity: "critical", name: "critical", role: "> 0.85", unit: percent, says: says("85 %", "85%")},
		{rule: "disk_filling_up", severity: "warning", name: "warning", role: "< 7 * 86400", unit: seconds, says: says("a week", "一周")},
		{rule: "host_filesystem_full", severity: "warning", name: "warning", role: "> 0.95", unit: percent, says: says("95 %", "95%")},
		{rule: "host_inodes_low", severity: "warning", name: "warning", role: "< 0.05", unit: percent},
		{rule: "host_memory_low", severity: "warning", name: "warning", role: "< 0.05", unit: percent},
		{rule: "process_file_descriptors_high", severity: "warning", name: "warning", role: "> 0.85", unit: percent},

		{rule: "migration_failure", severity: "warning", name: "success_rate", role: "< 0.95", unit: percent},
		{rule: "migration_failure", severity: "warning", name: "failed_runs", role: ">= 2"},
		{rule: "migration_without_backup", severity: "warning", name: "warning", role: ">= 26 * 3600", unit: seconds},
		{rule: "migration_pending", severity: "warning", name: wait, says: append(says("24 hours", "24 小时"), says("a day", "一天")...)},
		{rule: "migration_not_ready", severity: "info", name: wait, says: says("half an hour", "半小时")},
		{rule: "schema_change_meets_backup", severity: "warning", name: "warning", role: "> 120", times: 2, unit: seconds},
		{rule: "schema_change_stopped", severity: "warning", name: "warning", role: "> 900", unit: seconds},
		{rule: "schema_change_leftovers", severity: "info", name: "info", role: "> 7 * 86400", unit: seconds, says: says("a week", "一周")},
		{rule: "sync_task_failing", severity: "warning", name: "silence", role: "> 300", unit: seconds},
		{rule: "sync_task_failing", severity: "warning", name: "lag", role: "> 600", unit: seconds},

		{
			rule: "snapshot_stale", severity: "warning", name: "intervals", role: "3 *",
			says: []phrase{{"three times", "%s times"}, {"三倍", " %s 倍"}},
		},
		{rule: "prometheus_not_sending_alerts", severity: "critical", name: "critical", role: "> 0.5", unit: percent},
		{rule: "alertmanager_notifications_failing", severity: "critical", name: "critical", role: "> 0.01", unit: percent},
		{rule: "api_down", severity: "critical", name: wait, says: says("a minute", "一分钟")},

		{rule: "database_connections_high", severity: "warning", name: "warning", role: "> 0.8", unit: percent, says: says("80 %", "80%")},
		{rule: "query_performance_degraded", severity: "warning", name: "warning", role: "> 2", unit: seconds, says: says("two seconds", "2 秒")},
		{rule: "mysql_replication_lag", severity: "warning", name: "warning", role: "> 300", unit: seconds, says: says("five minutes", "5 分钟")},
		{
			rule: "mysql_metadata_lock_pile_up", severity: "critical", name: "sessions", role: ">= 5",
			also: []string{"schema_change_meets_backup"}, // which speaks until this one does
		},
		{rule: "mysql_metadata_lock_pile_up", severity: "critical", name: "wait", role: "> 30", unit: seconds},
		{rule: "mysql_long_transaction", severity: "warning", name: "warning", role: "> 3600", unit: seconds, says: says("an hour", "1 小时")},
		{rule: "mysql_aborted_connections", severity: "warning", name: "warning", role: "> 1"},
		{rule: "mysql_connections_growing", severity: "info", name: "info", role: "< 28 * 86400", unit: seconds},
		{rule: "mysql_connections_growing", severity: "info", name: "used", role: "> 0.5", unit: percent},
		{rule: "mysql_auto_increment_running_out", severity: "warning", name: "used", role: "> 0.9", times: 2, unit: percent},
		{rule: "mysql_auto_increment_running_out", severity: "warning", name: "forecast", role: "< 30 * 86400", unit: seconds},
		{rule: "replication_heartbeat_lag", severity: "warning", name: "warning", role: "> 300", times: 2, unit: seconds},
		{rule: "heartbeat_stale", severity: "warning", name: "warning", role: "> 300", times: 2, unit: seconds},
	}
}
