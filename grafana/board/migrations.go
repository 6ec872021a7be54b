// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Migrations answers "where does every schema stand, and may I deploy?".
func Migrations(l Lang) dash.Dashboard {
	d := frame(l, MigrationsUID,
		l.T("Every migration history at a glance: version, state, what is pending, what runs, what failed, what has drifted.",
			"所有迁移历史一览：版本、状态、待执行、执行中、失败与偏差。"))
	d.Time.From = "now-7d"
	d.Panels = stack(
		figures(migrationFigures(l)...),
		heading(10, l.T("Histories", "迁移历史")),
		shelf{height: 10, panels: []dash.Panel{migrationTable(l, 11)}},
		graphs(migrationTimeline(l), appliedTrend(l)),
		heading(20, l.T("Running now", "正在执行")),
		graphs(schemaChangeTable(l)),
		graphs(migrationRunningTrend(l), schemaChangeProgress(l), metadataLockWaiters(l, 22), metadataLockSides(l)),
		graphs(migrationLocks(l)),
		heading(30, l.T("Durations and failures", "耗时与失败")),
		graphs(migrationDurations(l), migrationOutcomes(l), migrationSuccessTrend(l)),
		heading(40, l.T("Ready to deploy?", "发布就绪")),
		graphs(readinessVerdict(l)),
		graphs(readinessTable(l), pendingTrend(l)),
		graphs(undoneByRestore(l), verifiedBackupAge(l)),
		heading(50, l.T("Drift and consistency", "偏差与一致性")),
		graphs(fingerprintTable(l), divergedTrend(l)),
		graphs(differingChunks(l), checksumAge(l)),
		graphs(heartbeatLag(l), errantTransactions(l)),
		graphs(syncTasks(l)),
		graphs(schemaChangeLeftovers(l)),
		heading(60, l.T("What is watched", "监控范围")),
		graphs(historiesByTool(l), migrationSources(l)),
	)
	return d
}
