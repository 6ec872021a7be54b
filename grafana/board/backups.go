// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Backups answers "what would be lost now, and could we restore?".
func Backups(l Lang) dash.Dashboard {
	d := frame(l, BackupsUID,
		l.T("What would be lost now, whether each backup was made in time, is whole and can be restored, and how long the space lasts.",
			"此刻故障会丢失多少数据，每个备份是否按时、完整、可恢复，以及空间还能用多久。"))
	d.Time.From = "now-7d"
	d.Panels = stack(
		figures(backupFigures(l)...),
		heading(10, l.T("Status", "状态")),
		graphs(backupTable(l, 11)),
		split([]int{16, 8}, backupTimeline(l), backupOutcomes(l)),
		graphs(backupAgeTrend(l, 14), backupSuccessTrend(l)),
		heading(20, l.T("Size and duration", "大小与耗时")),
		graphs(backupSizeTrend(l, 21), backupUsualTrend(l), backupDurationTrend(l)),
		heading(30, l.T("Verified and restorable", "校验与可恢复性")),
		graphs(verificationTable(l)),
		graphs(verifyTimeline(l), restoreTestTrend(l)),
		heading(40, l.T("Chains, retention and space", "备份链、保留与空间")),
		graphs(chainTimeline(l), retainedTrend(l)),
		graphs(repositoryTrend(l), repositoryForecast(l)),
		heading(50, l.T("Binary logs: how far back in time a restore reaches", "二进制日志：可恢复到的时刻")),
		graphs(recoveryTable(l)),
		graphs(recoveryTrend(l), archiveLagTrend(l)),
		split([]int{16, 8}, archiveTable(l), expiryBars(l)),
	)
	return d
}
