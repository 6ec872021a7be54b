// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Overview answers "is anything wrong, and where?": health and figures first,
// what fires next, then the curves and tables to look closer.
func Overview(l Lang) dash.Dashboard {
	d := frame(l, OverviewUID,
		l.T("Health of databases, backups and migrations at a glance, what fires, and the trends behind it.",
			"数据库、备份、迁移的健康状况一览，正在触发的告警及其背后的趋势。"))
	d.Panels = stack(
		shelf{height: 4, panels: overviewHealth(l)},
		shelf{height: 4, panels: overviewFigures(l)},
		shelf{height: 9, widths: []int{14, 10}, panels: []dash.Panel{firingAlerts(l, 20), serversUp(l)}},
		heading(30, l.T("Servers", "数据库实例")),
		shelf{height: 8, panels: []dash.Panel{serverTable(l)}},
		shelf{height: 9, panels: []dash.Panel{connectionsTrend(l, 32), queriesTrend(l, 33)}},
		shelf{height: 9, panels: []dash.Panel{queryTimeTrend(l, 34), replicationLagTrend(l, 35)}},
		heading(40, l.T("Migrations", "数据库迁移")),
		shelf{height: 8, panels: []dash.Panel{migrationTable(l, 41)}},
		heading(50, l.T("Backups", "数据库备份")),
		shelf{height: 8, panels: []dash.Panel{backupTable(l, 51)}},
		shelf{height: 9, panels: []dash.Panel{backupSizeTrend(l, 52), backupAgeTrend(l, 53)}},
	)
	return d
}
