// SPDX-License-Identifier: Apache-2.0

package board

// The addresses of the boards: /d/UID. They never change: alerts, links and
// bookmarks hold them.
const (
	OverviewUID   = "dbsync-overview"
	MySQLUID      = "dbsync-mysql"
	MigrationsUID = "dbsync-migrations"
	BackupsUID    = "dbsync-backups"
	HostUID       = "dbsync-host"
	APIUID        = "dbsync-api"
	JobsUID       = "dbsync-jobs"
	AlertsUID     = "dbsync-alerts"
	MonitoringUID = "dbsync-monitoring"
)

// title is what a board is called after the product's name.
func title(l Lang, uid string) string {
	return map[string]string{
		OverviewUID:   l.T("overview", "总览"),
		MySQLUID:      l.T("MySQL", "MySQL 数据库"),
		MigrationsUID: l.T("migrations", "迁移"),
		BackupsUID:    l.T("backups", "备份"),
		HostUID:       l.T("host", "主机"),
		APIUID:        l.T("API gateway and logs", "API 网关与日志"),
		JobsUID:       l.T("jobs", "任务"),
		AlertsUID:     l.T("alerts", "告警"),
		MonitoringUID: l.T("monitoring itself", "监控自身"),
	}[uid]
}
